/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Brings sound to a level before it is encoded: gain, a limiter, the encoder's sample rate and
 * frame size. What comes out is lined up with what went in to the sample.
 */
#ifndef TRANSCODER_AUDIO_LEVEL_H
#define TRANSCODER_AUDIO_LEVEL_H
#include <libavutil/frame.h>

#include "transcoder/audio/limiter.h"
#include "transcoder/worker/failure.h"

struct loudness;

struct loudness_params {
    struct limiter_params level;
    int rate_hz;       /* of what comes out */
    int lead_samples;  /* silence put in before all, at rate_hz */
    int frame_samples; /* of each frame that comes out, but for the last */
};

/* For mono at AUDIO_RATE_HZ. *out is the caller's (loudness_close). -1: failure set. */
int loudness_open(
    struct loudness **out, const struct loudness_params *params, struct failure *failure);
void loudness_close(struct loudness **loudness);
/* Puts count samples in; NULL: that was all. 0, or -1: failure set. */
int loudness_push(
    struct loudness *loudness, const float *samples, int count, struct failure *failure);
/* Takes a frame of mono planar floats out into frame (fresh; the caller's to unref). 1; 0: nothing
 * until more is pushed, or nothing at all after the end; -1: failure set. */
int loudness_pull(struct loudness *loudness, AVFrame *frame, struct failure *failure);

#endif
