/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The planner: from what the probe found to the renditions that will be made, the segment
 * boundaries and the pieces of work. Pure: the same findings and options give the same plan. */
#ifndef TRANSCODER_PLAN_PLANNER_H
#define TRANSCODER_PLAN_PLANNER_H
#include "transcoder/plan/plan.h"

/* Makes the plan. Returns 0; or -1 if info has neither video nor audio, or if the lesson needs more
 * than PLAN_MAX_SEGMENTS segments. */
int plan_make(const struct media_info *info, const struct plan_options *options, struct plan *out);

#endif
