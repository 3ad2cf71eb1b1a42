/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Still pictures of a lesson: the poster, then the storyboard. */
#ifndef TRANSCODER_STILLS_STILLS_H
#define TRANSCODER_STILLS_STILLS_H
#include "transcoder/package/deliver.h"

/* Writes job->poster_name, a JPEG of at most 640x360 that shows as much as possible (not a black or
 * empty picture), and reports it; then the storyboard (storyboard.h). 0, or -1: failure set. */
int stills_run(const struct work *work, struct failure *failure);

#endif
