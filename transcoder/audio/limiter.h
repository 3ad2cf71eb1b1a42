/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Applies a gain and a limiter that looks ahead. The output is aligned with the input to the
 * sample.
 *
 * The gain falls within 5 ms before a peak and rises again within 5 ms after it. Times from 0 to
 * 300 ms were tried on a voice with strong peaks: those from 3 to 10 ms gave the best STOI and
 * ESTOI together (docs/benchmarks.md). A shorter time distorts; a longer time makes the whole
 * syllable quieter.
 */
#ifndef TRANSCODER_AUDIO_LIMITER_H
#define TRANSCODER_AUDIO_LIMITER_H

#include <stddef.h>
#include <stdint.h>

struct limiter;

/* Further reductions of the gain: the depth for each stretch of LIMITER_STRETCH samples, from
 * the first sample on. After the last stretch there is no reduction. */
#define LIMITER_STRETCH 256
struct limiter_dips {
    int16_t *depth_db_x100;
    size_t count;
};

struct limiter_params {
    int gain_db_x100;
    int limit_dbfs_x100;             /* no output sample exceeds it */
    const struct limiter_dips *dips; /* the caller's, must outlive the limiter; NULL: none */
};

/* Opens a limiter for mono at AUDIO_RATE_HZ. *out is the caller's, for limiter_close(). Returns
 * 0, or -1 if memory runs out. */
int limiter_open(struct limiter **out, const struct limiter_params *params);
/* Closes the limiter and sets *limiter to NULL. Accepts NULL in *limiter. */
void limiter_close(struct limiter **limiter);
#define LIMITER_DELAY 240
/*
 * Limits count finite samples and returns the number of samples written to out, which has room for
 * `count`.
 * samples NULL marks the end: count is ignored, and out has room for LIMITER_DELAY samples.
 */
int limiter_run(struct limiter *limiter, const float *samples, int count, float *out);

#endif
