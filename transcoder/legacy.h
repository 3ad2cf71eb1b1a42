/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TRANSCODER_LEGACY_H
#define TRANSCODER_LEGACY_H

#include "transcoder/piece.h"

/* Makes one chunk of the legacy rendition: pictures encoded anew, the sound taken from the chunk of
 * the AAC rendition that the job names beside it. 0, or -1 with failure set. */
int legacy_run(const struct piece *piece, struct failure *failure);

#endif
