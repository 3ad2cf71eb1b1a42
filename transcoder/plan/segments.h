/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Segment boundaries. Pure. */
#ifndef TRANSCODER_PLAN_SEGMENTS_H
#define TRANSCODER_PLAN_SEGMENTS_H
#include "transcoder/plan/plan.h"

/* Fills in segment_starts and segment_count from the grid, which must be set already. Boundaries are
 * multiples of `unit` frames, except the end. Returns 0; or -1: too many segments. */
int plan_segments(struct plan *plan, const struct media_info *info, int64_t longest_us, int unit);

#endif
