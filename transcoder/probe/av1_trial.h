/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What AV1 saves on a lesson of slides: short encodes of one excerpt of it in both codecs, as the
 * planner would have AV1's lowest rendition. One is enough: on a lecture three in the mean said
 * within 20 thousandths of it, and took three times as long. */
#ifndef TRANSCODER_PROBE_AV1_TRIAL_H
#define TRANSCODER_PROBE_AV1_TRIAL_H
#include "transcoder/probe/excerpt.h"
#include "transcoder/worker/failure.h"

/*
 * Fills info->av1_saving_permille; the rest of info stands already, its trials included. Leaves it
 * 0 where no AV1 would be made. Uses up to `threads` threads; what comes out does not depend on
 * them. 0, or -1: failure set (out of memory, an encoder fails).
 */
int av1_trial_run(
    const struct excerpt *excerpt, int threads, struct media_info *info, struct failure *failure);

#endif
