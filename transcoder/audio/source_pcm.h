/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads an audio track of a source as an unbroken run of 48 kHz samples, to the end of the lesson.
 * It begins at the start of the track; if that is late, at the start of the lesson, with silence
 * first. Gaps in the source become silence; samples that overlap are cut. */
#ifndef TRANSCODER_AUDIO_SOURCE_PCM_H
#define TRANSCODER_AUDIO_SOURCE_PCM_H

#include <libavutil/frame.h>

#include "transcoder/protocol/media_info.h"
#include "transcoder/worker/failure.h"

#define AUDIO_RATE_HZ 48000

struct source_pcm;

/* Opens track `audio` of info for `channels` (1 or 2) planar floats. fd stays the caller's. *out
 * is the caller's, for source_pcm_close(). Returns 0, or -1 with failure set. */
int source_pcm_open(struct source_pcm **out, int fd, const struct media_info *info, int audio,
    int channels, struct failure *failure);
/* Closes the track and sets *pcm to NULL. Accepts NULL in *pcm. */
void source_pcm_close(struct source_pcm **pcm);
/* Returns the lesson time of the first sample of track `audio`, in samples. Pure. */
int64_t source_pcm_start_sample(const struct media_info *info, int audio);
/*
 * Reads the next `samples` samples into an empty frame, fewer at the end of the lesson; the caller
 * unrefs it.
 * Returns 1; 0: nothing is left; -1 with failure set.
 */
int source_pcm_read(struct source_pcm *pcm, int samples, AVFrame *frame, struct failure *failure);

#endif
