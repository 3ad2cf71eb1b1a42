/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A track's sound in mono, as it is encoded but for its level: noise reduced where the plan says
 * so. It is read many times. What is not too long is kept in memory; the rest is decoded each time.
 */
#ifndef TRANSCODER_AUDIO_PCM_CACHE_H
#define TRANSCODER_AUDIO_PCM_CACHE_H

#include "transcoder/worker/failure.h"
#include "transcoder/protocol/media_info.h"
#include "transcoder/plan/plan.h"

/* Of floats at SOUND_RATE: 23 minutes. */
#define SOUND_PCM_MOST_BYTES (256LL * 1024 * 1024)

struct sound_pcm;
struct sound_pcm_reader;

struct sound_pcm_params {
    int source_fd;
    const struct media_info *info;          /* both the caller's, for as long as the sound */
    const struct plan_rendition *rendition; /* one that is made of the track */
    int64_t most_bytes;                     /* 0: SOUND_PCM_MOST_BYTES */
};

/* *out is the caller's (sound_pcm_close, after its readers). -1: failure set. */
int sound_pcm_open(
    struct sound_pcm **out, const struct sound_pcm_params *params, struct failure *failure);
void sound_pcm_close(struct sound_pcm **pcm);
/* How many samples there are, or will be at the most. */
int64_t sound_pcm_samples(const struct sound_pcm *pcm);

/* Readers start at the beginning; any number, each in a thread of its own. */
int sound_pcm_reader_open(
    struct sound_pcm_reader **out, const struct sound_pcm *pcm, struct failure *failure);
void sound_pcm_reader_close(struct sound_pcm_reader **reader);
/* The next at most `room` samples. Returns how many; 0: that was all; -1: failure set. */
int sound_pcm_read(struct sound_pcm_reader *reader, float *out, int room, struct failure *failure);

#endif
