/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the planner's files share. Pure; for the files of this folder alone. */
#ifndef TRANSCODER_PLAN_PLAN_INTERNAL_H
#define TRANSCODER_PLAN_PLAN_INTERNAL_H

#include "transcoder/plan/plan.h"

/* Adds each track's renditions: all tracks in one codec, then all in the next. */
void plan_audio(struct plan *plan, const struct media_info *info);

#endif
