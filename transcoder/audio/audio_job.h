/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All audio renditions of a job, each in one run from beginning to end, cut into chunks. */
#ifndef TRANSCODER_AUDIO_AUDIO_JOB_H
#define TRANSCODER_AUDIO_AUDIO_JOB_H
#include "transcoder/package/deliver.h"

/* 0, or -1: failure set. What was delivered before stays. */
int audio_job_run(const struct work *work, struct failure *failure);

#endif
