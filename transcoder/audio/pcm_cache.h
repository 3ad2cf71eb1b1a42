/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gives the audio of a track in mono, as it will be encoded except for its level. Noise is
 * reduced if the plan says so. The audio is read several times. A track that is not too long is
 * kept in memory; a longer one is decoded each time. */
#ifndef TRANSCODER_AUDIO_PCM_CACHE_H
#define TRANSCODER_AUDIO_PCM_CACHE_H

#include "transcoder/plan/plan.h"
#include "transcoder/protocol/media_info.h"
#include "transcoder/worker/failure.h"

/* Room for 23 minutes of floats at AUDIO_RATE_HZ. */
#define PCM_CACHE_MAX_BYTES (256LL * 1024 * 1024)

struct pcm_cache;
struct pcm_reader;

struct pcm_cache_params {
    int source_fd;
    /* the caller's, like the rendition; both must outlive the cache */
    const struct media_info *info;
    const struct rendition *rendition; /* any rendition that is made of the track */
    int64_t max_bytes;                 /* 0: PCM_CACHE_MAX_BYTES */
};

/* Opens the cache. *out is the caller's, for pcm_cache_close() after its readers are closed.
 * Returns 0, or -1 with failure set. */
int pcm_cache_open(
    struct pcm_cache **out, const struct pcm_cache_params *params, struct failure *failure);
/* Frees the cache and sets *pcm to NULL. Accepts NULL in *pcm. */
void pcm_cache_close(struct pcm_cache **pcm);
/* Returns the number of samples; for a track that is not in memory, the largest possible number. */
int64_t pcm_cache_samples(const struct pcm_cache *pcm);

/* Opens a reader that starts at the first sample. Any number of readers may exist, each in its
 * own thread. *out is the caller's, for pcm_reader_close(). Returns 0, or -1 with failure set. */
int pcm_reader_open(struct pcm_reader **out, const struct pcm_cache *pcm, struct failure *failure);
/* Closes the reader and sets *reader to NULL. Accepts NULL in *reader. */
void pcm_reader_close(struct pcm_reader **reader);
/* Reads at most `room` samples. Returns their number; 0 at the end; -1 with failure set. */
int pcm_reader_read(struct pcm_reader *reader, float *out, int room, struct failure *failure);

#endif
