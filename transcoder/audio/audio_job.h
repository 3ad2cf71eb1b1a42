/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes all audio renditions of a job. Each is encoded in one run from start to end and cut into
 * chunks. */
#ifndef TRANSCODER_AUDIO_AUDIO_JOB_H
#define TRANSCODER_AUDIO_AUDIO_JOB_H

#include "transcoder/package/deliver.h"

/* Returns 0, or -1 with failure set. Results that were delivered before the failure stay. */
int audio_job_run(const struct work *work, struct failure *failure);

#endif
