/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sound of a lesson is like, measured on all of it as it will be encoded. */
#ifndef TRANSCODER_AUDIO_AUDIO_PROBE_H
#define TRANSCODER_AUDIO_AUDIO_PROBE_H
#include "transcoder/protocol/media_info.h"
#include "transcoder/worker/report.h"

/*
 * Fills in the measured members of one of info's audio tracks, and touches nothing else of it, so
 * that tracks may be measured side by side. A track that can't be measured is MEDIA_SOUND_UNKNOWN,
 * which is no failure. fd stays the caller's. Says `permille` as progress. 0, or -1: failure set
 * (the node is gone).
 */
int audio_probe_run(int fd, struct media_info *info, int track, int permille, struct report *report,
    struct failure *failure);

#endif
