/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The planner turns the findings of the probe into a plan: the renditions, the segment
 * boundaries and the units of work. Pure: the same findings and options give the same plan. */
#ifndef TRANSCODER_PLAN_PLANNER_H
#define TRANSCODER_PLAN_PLANNER_H

#include "transcoder/plan/plan.h"

/* Makes the plan. Returns 0; or -1 if info has neither video nor audio, if the frame rate or frame
 * size of its video is not above 0, if it has only audio and no duration, if the lesson needs more
 * than PLAN_MAX_SEGMENTS segments, or if a chunk would have no segment. */
int plan_make(const struct media_info *info, const struct plan_options *options, struct plan *out);

#endif
