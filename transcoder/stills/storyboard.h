/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small pictures of the whole lesson on a few sheets, for the seek bar. */
#ifndef TRANSCODER_STILLS_STORYBOARD_H
#define TRANSCODER_STILLS_STORYBOARD_H
#include "transcoder/package/deliver.h"

/*
 * Writes the sheets (JPEG, 5 x 5 tiles of at most 160 x 160) and JOB_STORYBOARD_INDEX (WebVTT whose
 * cues name a tile each, as "storyboard-0.jpg#xywh=160,0,160,90"), and reports them. A tile stands
 * for 5 s, or a two-hundredth of the lesson, and shows the last keyframe before its middle; where
 * keyframes are rare, and decoding on is cheap, the picture at its middle. A source of which no
 * picture can be had gets no storyboard, which is no failure. 0, or -1: failure set (disk full, the
 * node is gone, out of memory).
 */
int storyboard_run(const struct work *work, struct failure *failure);

#endif
