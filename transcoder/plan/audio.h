/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans the audio renditions. Pure. */
#ifndef TRANSCODER_PLAN_AUDIO_H
#define TRANSCODER_PLAN_AUDIO_H

#include "transcoder/plan/plan.h"

/* Adds the renditions of all audio tracks: first all tracks in AAC, then all tracks in Opus. */
void plan_audio(struct plan *plan, const struct media_info *info);

#endif
