/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The video rungs. Pure. */
#ifndef TRANSCODER_PLAN_VIDEO_H
#define TRANSCODER_PLAN_VIDEO_H
#include "transcoder/plan/plan.h"

/* Adds the video renditions that are worth making. */
void plan_video(
    struct plan *plan, const struct media_info *info, const struct plan_options *options);

#endif
