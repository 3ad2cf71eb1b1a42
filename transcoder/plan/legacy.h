/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rendition for old boxes. Pure. */
#ifndef TRANSCODER_PLAN_LEGACY_H
#define TRANSCODER_PLAN_LEGACY_H
#include "transcoder/plan/plan.h"

/* Adds the legacy rendition. To be called after plan_audio(), whose AAC sound it takes. */
void plan_legacy(struct plan *plan, const struct media_info *info);

#endif
