/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evenly spread excerpts of a track in memory, to find out about the whole from; of a short one all
 * of it. */
#ifndef TRANSCODER_AUDIO_EXCERPTS_H
#define TRANSCODER_AUDIO_EXCERPTS_H

#include <stdbool.h>

#include "transcoder/audio/test_encode.h"
#include "transcoder/audio/pcm_cache.h"

struct sound_excerpts {
    float *samples;
    int64_t count, at; /* at: of the feed */
    bool all;          /* it is no excerpt */
    int loudness_lufs_x100;
};

/* *out is the caller's (sound_excerpts_clear) in any case. 0, or -1: failure set. */
int sound_excerpts_read(
    struct sound_excerpts *out, const struct sound_pcm *pcm, struct failure *failure);
void sound_excerpts_clear(struct sound_excerpts *excerpts);

/* Excerpts as a feed, from the beginning. */
struct sound_feed sound_excerpts_feed(struct sound_excerpts *excerpts);

/*
 * Finds the gain, of most_gain_db_x100 at the most, with which they come out of a limiter that
 * loud; sets it and *reached_lufs_x100, which is less where the limiter lets nothing louder out.
 * Dips count for nothing. 0, or -1: failure set.
 */
struct sound_wanted {
    int loudness_lufs_x100, most_gain_db_x100;
};
int sound_excerpts_solve(const struct sound_excerpts *excerpts, const struct sound_wanted *wanted,
    struct limiter_params *level, int *reached_lufs_x100, struct failure *failure);

#endif
