/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measures the bits that AV1 saves on a lesson of slides. One excerpt is encoded in both codecs, at
 * the size and frame rate of the lowest AV1 rendition. One excerpt is enough: on a lecture the mean
 * of three differed by less than 20 thousandths and took three times as long. */
#ifndef TRANSCODER_PROBE_AV1_TRIAL_H
#define TRANSCODER_PROBE_AV1_TRIAL_H

#include "transcoder/probe/excerpt.h"
#include "transcoder/worker/failure.h"

/* Fills in info->av1_saving_permille. The rest of info must be filled in already, including its
 * trials. The value stays 0 if no AV1 rendition would be made. Uses up to `threads` threads,
 * which do not change the result. Returns 0, or -1 with failure set (out of memory, an encoder
 * fails). */
int av1_trial_run(
    const struct excerpt *excerpt, int threads, struct media_info *info, struct failure *failure);

#endif
