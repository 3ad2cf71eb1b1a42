/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans the video rungs. Pure. */
#ifndef TRANSCODER_PLAN_VIDEO_H
#define TRANSCODER_PLAN_VIDEO_H

#include "transcoder/plan/plan.h"

/* Adds the video renditions that are worth making, from the lowest rung to the highest. */
void plan_video(
    struct plan *plan, const struct media_info *info, const struct plan_options *options);

#endif
