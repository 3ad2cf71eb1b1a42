/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans the segment boundaries. Pure. */
#ifndef TRANSCODER_PLAN_SEGMENTS_H
#define TRANSCODER_PLAN_SEGMENTS_H

#include "transcoder/plan/plan.h"

/*
 * Fills in segment_starts and segment_count. The frame grid of the plan must be set already.
 * Boundaries are multiples of `unit` frames, except the end. The class of the content limits the
 * length of a segment. longest_us: another limit of the length; 0: none.
 *
 * Returns 0, or -1 if there are too many segments.
 */
int plan_segments(struct plan *plan, const struct media_info *info, int64_t longest_us, int unit);

#endif
