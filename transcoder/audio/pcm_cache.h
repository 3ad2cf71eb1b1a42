/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A track's sound in mono, as it is encoded but for its level: noise reduced where the plan says
 * so. It is read many times. What is not too long is kept in memory; the rest is decoded each time.
 */
#ifndef TRANSCODER_AUDIO_PCM_CACHE_H
#define TRANSCODER_AUDIO_PCM_CACHE_H
#include "transcoder/plan/plan.h"
#include "transcoder/protocol/media_info.h"
#include "transcoder/worker/failure.h"

/* Of floats at AUDIO_RATE_HZ: 23 minutes. */
#define PCM_CACHE_MAX_BYTES (256LL * 1024 * 1024)

struct pcm_cache;
struct pcm_reader;

struct pcm_cache_params {
    int source_fd;
    const struct media_info *info;     /* both the caller's, for as long as the sound */
    const struct rendition *rendition; /* one that is made of the track */
    int64_t max_bytes;                 /* 0: PCM_CACHE_MAX_BYTES */
};

/* *out is the caller's (pcm_cache_close, after its readers). -1: failure set. */
int pcm_cache_open(
    struct pcm_cache **out, const struct pcm_cache_params *params, struct failure *failure);
void pcm_cache_close(struct pcm_cache **pcm);
/* How many samples there are, or will be at the most. */
int64_t pcm_cache_samples(const struct pcm_cache *pcm);

/* Readers start at the beginning; any number, each in a thread of its own. */
int pcm_reader_open(struct pcm_reader **out, const struct pcm_cache *pcm, struct failure *failure);
void pcm_reader_close(struct pcm_reader **reader);
/* The next at most `room` samples. Returns how many; 0: that was all; -1: failure set. */
int pcm_reader_read(struct pcm_reader *reader, float *out, int room, struct failure *failure);

#endif
