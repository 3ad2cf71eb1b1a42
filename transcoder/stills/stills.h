/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes the still pictures of a lesson: the poster, then the storyboard. */
#ifndef TRANSCODER_STILLS_STILLS_H
#define TRANSCODER_STILLS_STILLS_H

#include "transcoder/package/deliver.h"

/* Writes the poster and reports it, then makes the storyboard (storyboard.h). The poster is the
 * file job->poster_name, a JPEG of at most 640x360. Several frames are tried, so that it is not
 * black or empty if another frame shows more. Returns 0, or -1 with failure set. */
int stills_run(const struct work *work, struct failure *failure);

#endif
