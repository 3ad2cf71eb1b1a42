/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans the rendition for old set-top boxes. Pure. */
#ifndef TRANSCODER_PLAN_LEGACY_H
#define TRANSCODER_PLAN_LEGACY_H

#include "transcoder/plan/plan.h"

/* Adds the legacy rendition. Call it after plan_audio(), because the legacy rendition copies the
 * audio of the first AAC rendition. */
void plan_legacy(struct plan *plan, const struct media_info *info);

#endif
