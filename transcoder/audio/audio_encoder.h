/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens the audio encoders. They are set up so that the output needs no edit list. */
#ifndef TRANSCODER_AUDIO_AUDIO_ENCODER_H
#define TRANSCODER_AUDIO_AUDIO_ENCODER_H

#include <libavcodec/avcodec.h>

#include "transcoder/plan/plan.h"
#include "transcoder/worker/failure.h"

/* Opens the encoder of a rendition. Input: mono floats in the encoder's sample_fmt, at the
 * rendition's sample rate. *out is the caller's, for avcodec_free_context(). Returns 0, or -1 with
 * failure set. */
int audio_encoder_open(AVCodecContext **out, const struct rendition *rendition, int64_t bitrate_bps,
    struct failure *failure);
/* Opens a decoder for the output of the encoder, as players have one. *out is the caller's, for
 * avcodec_free_context(). Returns 0, or -1 with failure set. */
int audio_encoder_open_decoder(
    AVCodecContext **out, const AVCodecContext *encoder, struct failure *failure);
/* Returns the number of silent samples to give the encoder before the first sample. A packet
 * then begins exactly with the first sample, and earlier packets hold only priming. */
int audio_encoder_lead(const AVCodecContext *encoder);

#endif
