/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measures a whole audio track of a lesson, converted to mono at 48 kHz. */
#ifndef TRANSCODER_AUDIO_AUDIO_PROBE_H
#define TRANSCODER_AUDIO_AUDIO_PROBE_H

#include "transcoder/protocol/media_info.h"
#include "transcoder/worker/report.h"

/*
 * Fills in the measured members of one audio track of info. It touches nothing else, so several
 * threads may measure different tracks. A track that can't be measured stays MEDIA_SOUND_UNKNOWN,
 * which is not a failure.
 * fd stays the caller's. permille: the progress to report meanwhile.
 * Returns 0; or -1 with failure set: the node is gone.
 */
int audio_probe_run(int fd, struct media_info *info, int track, int permille, struct report *report,
    struct failure *failure);

#endif
