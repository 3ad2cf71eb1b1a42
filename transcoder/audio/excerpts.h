/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps evenly spread excerpts of a track in memory, to predict the result for the whole track.
 * A short track is kept as a whole. */
#ifndef TRANSCODER_AUDIO_EXCERPTS_H
#define TRANSCODER_AUDIO_EXCERPTS_H

#include <stdbool.h>

#include "transcoder/audio/pcm_cache.h"
#include "transcoder/audio/test_encode.h"

struct excerpts {
    float *samples;
    int64_t count, at; /* at: position of the feed */
    bool all;          /* the samples are the whole track */
    int loudness_lufs_x100;
};

/* Reads the excerpts. *out is the caller's in any case, for excerpts_clear(). Returns 0, or -1
 * with failure set. */
int excerpts_read(struct excerpts *out, const struct pcm_cache *pcm, struct failure *failure);
/* Frees the samples and zeroes *excerpts. */
void excerpts_clear(struct excerpts *excerpts);

/* Returns the excerpts as a feed that starts at their first sample. */
struct test_encode_feed excerpts_feed(struct excerpts *excerpts);

struct excerpts_wanted {
    int loudness_lufs_x100, max_gain_db_x100;
};
/* Finds the gain with which the excerpts have the wanted loudness after a limiter. The search
 * starts from the gain in *level and ends at max_gain_db_x100 at most. Sets the gain in *level, and
 * *reached_lufs_x100, which is lower than wanted if more gain is not allowed or does not help. Dips
 * are ignored. Returns 0, or -1 with failure set. */
int excerpts_solve(const struct excerpts *excerpts, const struct excerpts_wanted *wanted,
    struct limiter_params *level, int *reached_lufs_x100, struct failure *failure);

#endif
