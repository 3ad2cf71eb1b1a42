/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evenly spread excerpts of a track in memory, to find out about the whole from; of a short one all
 * of it. */
#ifndef TRANSCODER_AUDIO_EXCERPTS_H
#define TRANSCODER_AUDIO_EXCERPTS_H
#include <stdbool.h>

#include "transcoder/audio/pcm_cache.h"
#include "transcoder/audio/test_encode.h"

struct excerpts {
    float *samples;
    int64_t count, at; /* at: of the feed */
    bool all;          /* it is no excerpt */
    int loudness_lufs_x100;
};

/* *out is the caller's (excerpts_clear) in any case. 0, or -1: failure set. */
int excerpts_read(struct excerpts *out, const struct pcm_cache *pcm, struct failure *failure);
void excerpts_clear(struct excerpts *excerpts);

/* Excerpts as a feed, from the beginning. */
struct test_encode_feed excerpts_feed(struct excerpts *excerpts);

/*
 * Finds the gain, of max_gain_db_x100 at the most, with which they come out of a limiter that
 * loud; sets it and *reached_lufs_x100, which is less where the limiter lets nothing louder out.
 * Dips count for nothing. 0, or -1: failure set.
 */
struct excerpts_wanted {
    int loudness_lufs_x100, max_gain_db_x100;
};
int excerpts_solve(const struct excerpts *excerpts, const struct excerpts_wanted *wanted,
    struct limiter_params *level, int *reached_lufs_x100, struct failure *failure);

#endif
