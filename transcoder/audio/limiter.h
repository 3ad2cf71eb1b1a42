/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gain, and a limiter that looks ahead. What comes out is lined up with what went in to the sample.
 *
 * The gain is lowered within 5 ms before a peak and raised again within 5 ms after it: of the
 * times tried (0 to 300 ms) those from 3 to 10 left most of a very peaky voice by STOI and ESTOI
 * together (docs/benchmarks.md). Less distorts, more takes the syllable down with its peak.
 */
#ifndef TRANSCODER_AUDIO_LIMITER_H
#define TRANSCODER_AUDIO_LIMITER_H
#include <stddef.h>
#include <stdint.h>

struct limiter;

/* Where else the gain is lowered: by so much in each stretch of LIMITER_STRETCH samples, from the
 * first sample on; past the last by nothing. */
#define LIMITER_STRETCH 256
struct limiter_dips {
    int16_t *depth_db_x100;
    size_t count;
};

struct limiter_params {
    int gain_db_x100;
    int limit_dbfs_x100;             /* no sample is beyond it */
    const struct limiter_dips *dips; /* the caller's, for as long as the limiter; NULL: none */
};

/* For mono at AUDIO_RATE_HZ. *out is the caller's (limiter_close). 0, or -1: out of memory. */
int limiter_open(struct limiter **out, const struct limiter_params *params);
void limiter_close(struct limiter **limiter);
/* Puts count finite samples in; NULL: that was all, and count counts for nothing. out has room for
 * `count` or, at the end, LIMITER_DELAY; returns how many came. */
#define LIMITER_DELAY 240
int limiter_run(struct limiter *limiter, const float *samples, int count, float *out);

#endif
