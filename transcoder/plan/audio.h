/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audio renditions. Pure. */
#ifndef TRANSCODER_PLAN_AUDIO_H
#define TRANSCODER_PLAN_AUDIO_H
#include "transcoder/plan/plan.h"

/* Adds the renditions of each track: all tracks in one codec, then all in the next. */
void plan_audio(struct plan *plan, const struct media_info *info);

#endif
