/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What AV1 saves on a lesson of slides: short encodes of two places of it, in both codecs. */
#ifndef TRANSCODER_AV1_TRIAL_H
#define TRANSCODER_AV1_TRIAL_H

#include "transcoder/failure.h"
#include "transcoder/plan/media_info.h"

/*
 * Fills info->av1_saving_permille from the source fd (the caller's); the rest of info stands
 * already. Leaves it 0 where AV1 would not be made anyway, or the places can't be decoded. 0, or
 * -1: failure set (out of memory, an encoder fails).
 */
int av1_trial_run(int fd, struct media_info *info, struct failure *failure);

#endif
