/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts that several stages of the planner derive from the findings of the probe. Pure. */
#ifndef TRANSCODER_PLAN_FACTS_H
#define TRANSCODER_PLAN_FACTS_H

#include "transcoder/protocol/rendition.h"

/* The cap of the AAC renditions on the wire. Every player can take these. The planner also reserves
 * this bit rate for audio below the cap of each video rendition. */
#define PLAN_AUDIO_CAP_BPS 24000

/* Returns the share of the lesson that is of a class, in thousandths. Without a content analysis
 * the whole lesson counts as MEDIA_HEAD. */
int plan_class_share(const struct media_info *info, enum media_class media_class);

/* Returns the largest of the divisors 6, 4, 3, 2 and 1 that leaves the frame grid about 5 frames a
 * second or more. Five are enough for content that hardly moves. Segments begin on multiples of
 * this number. */
int plan_few_frames(const struct media_info *info);

/* Returns the number of ticks per unit of fps_num. The timescale of a video rendition is fps_num
 * times this number. A frame is then a whole number of ticks, and a tick is at most 0.1 ms. */
int plan_ticks_per_unit(const struct media_info *info);

/* Returns the bit rate on the wire of the audio that is sent with the video, container included;
 * 0 for a lesson without audio. */
int64_t plan_audio_wire_bps(const struct media_info *info);

/* Returns the even number nearest to value, but at least 2. Pictures with 4:2:0 chroma need even
 * sizes. */
int plan_even(double value);

#endif
