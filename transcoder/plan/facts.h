/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the planner's stages derive from the probe's findings. Pure. */
#ifndef TRANSCODER_PLAN_FACTS_H
#define TRANSCODER_PLAN_FACTS_H
#include "transcoder/protocol/rendition.h"

/* On the wire, of the audio group that every player takes. */
#define PLAN_AUDIO_CAP_BPS 24000

/* The share of the lesson that is of a class, in thousandths; without an analysis all is "head".
 * Pure. */
int plan_class_share(const struct media_info *info, int media_class);

/* The divisor of the frame rate that leaves as few frames as still life needs, 5 a second or a
 * little more. */
int plan_few_frames(const struct media_info *info);

/* How many times finer than its numerator a frame rate's timescale is: so that a frame is a whole
 * number of ticks, which are fine enough for offsets of a tenth of a millisecond. */
int plan_ticks_per_unit(const struct media_info *info);

/* What the sound that goes with the pictures takes on the wire, its container included. */
int64_t plan_audio_wire_bps(const struct media_info *info);

/* The even number nearest to value, at least 2: sizes of pictures with 4:2:0 chroma. */
int plan_even(double value);

#endif
