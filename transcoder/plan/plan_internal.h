/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the planner's files share. Pure; for the files of this folder alone. */
#ifndef TRANSCODER_PLAN_PLAN_INTERNAL_H
#define TRANSCODER_PLAN_PLAN_INTERNAL_H

#include "transcoder/plan/facts.h"
#include "transcoder/plan/plan.h"

/* segments.c: fills plan->segment_starts and segment_count from the grid, which stands already.
 * Boundaries are multiples of `unit` frames but for the end. 0, or -1: too many. */
int plan_segments(struct plan *plan, const struct media_info *info, int64_t longest_us, int unit);

/* video.c: adds the video renditions that are worth making. */
void plan_video(
    struct plan *plan, const struct media_info *info, const struct plan_options *options);

/* legacy.c: adds the legacy rendition, after those whose sound it takes. */
void plan_legacy(struct plan *plan, const struct media_info *info);

/* Adds each track's renditions: all tracks in one codec, then all in the next. */
void plan_audio(struct plan *plan, const struct media_info *info);

#endif
