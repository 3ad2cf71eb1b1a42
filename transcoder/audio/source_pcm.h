/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sound side of a source: one track as an unbroken run of 48 kHz samples from the lesson's
 * start of that track to the lesson's end. Where the source has nothing there is silence; where it
 * has too much, it is cut.
 */
#ifndef TRANSCODER_AUDIO_SOURCE_PCM_H
#define TRANSCODER_AUDIO_SOURCE_PCM_H
#include <libavutil/frame.h>

#include "transcoder/protocol/media_info.h"
#include "transcoder/worker/failure.h"

#define AUDIO_RATE_HZ 48000

struct source_pcm;

/* Opens track `audio` of info for `channels` (1 or 2) planar floats. fd stays the caller's; *out is
 * the caller's. */
int source_pcm_open(struct source_pcm **out, int fd, const struct media_info *info, int audio,
    int channels, struct failure *failure);
void source_pcm_close(struct source_pcm **sound);
/* The lesson time of the first sample that track `audio` will have, in samples. Pure. */
int64_t source_pcm_start_sample(const struct media_info *info, int audio);
/* Fills frame (fresh; the caller's to unref) with the next `samples` samples, fewer at the lesson's
 * end. 1; 0: nothing is left; -1: failure set. */
int source_pcm_read(struct source_pcm *sound, int samples, AVFrame *frame, struct failure *failure);

#endif
