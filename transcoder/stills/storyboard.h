/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes the storyboard: small pictures of the whole lesson on a few sheets, for the seek bar. */
#ifndef TRANSCODER_STILLS_STORYBOARD_H
#define TRANSCODER_STILLS_STORYBOARD_H

#include "transcoder/package/deliver.h"

/*
 * Writes the sheets (JPEG, 5 x 5 tiles of at most 160 x 160 pixels) and the index
 * JOB_STORYBOARD_INDEX, and reports them.
 * The index is WebVTT; each cue names a tile, such as "storyboard-0.jpg#xywh=160,0,160,90". A tile
 * covers 5 s, or a two-hundredth of the lesson if that is longer. It shows the last keyframe before
 * its middle. If keyframes are rare and decoding on is cheap, it shows the frame at its middle.
 * A source without decodable frames gets no storyboard, which is not a failure. Returns 0, or -1
 * with failure set.
 */
int storyboard_run(const struct work *work, struct failure *failure);

#endif
