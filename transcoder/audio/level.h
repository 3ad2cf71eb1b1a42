/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Brings audio to a level before it is encoded: gain, a limiter, and the encoder's sample rate and
 * frame size.
 *
 * After lead_samples of silence, the output is aligned with the input to the sample.
 */
#ifndef TRANSCODER_AUDIO_LEVEL_H
#define TRANSCODER_AUDIO_LEVEL_H

#include <libavutil/frame.h>

#include "transcoder/audio/limiter.h"
#include "transcoder/worker/failure.h"

struct loudness;

struct loudness_params {
    struct limiter_params level;
    int rate_hz;       /* sample rate of the output */
    int lead_samples;  /* silence before the first sample, at rate_hz */
    int frame_samples; /* size of each output frame; the last one may be shorter */
};

/* Opens the stage for mono input at AUDIO_RATE_HZ. *out is the caller's, for loudness_close().
 * Returns 0, or -1 with failure set. */
int loudness_open(
    struct loudness **out, const struct loudness_params *params, struct failure *failure);
/* Closes the stage and sets *loudness to NULL. Accepts NULL in *loudness. */
void loudness_close(struct loudness **loudness);
/* Puts count samples in. NULL marks the end. Returns 0, or -1 with failure set. */
int loudness_push(
    struct loudness *loudness, const float *samples, int count, struct failure *failure);
/*
 * Takes a frame of mono planar floats out into an empty frame; the caller unrefs it.
 * Returns 1; 0: nothing until more is pushed, or nothing more after the end; -1 with failure set.
 */
int loudness_pull(struct loudness *loudness, AVFrame *frame, struct failure *failure);

#endif
