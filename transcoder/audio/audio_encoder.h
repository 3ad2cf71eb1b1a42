/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The encoders of sound, and what they need so that no edit list is needed after them. */
#ifndef TRANSCODER_AUDIO_AUDIO_ENCODER_H
#define TRANSCODER_AUDIO_AUDIO_ENCODER_H
#include <libavcodec/avcodec.h>

#include "transcoder/plan/plan.h"
#include "transcoder/worker/failure.h"

/* For mono planar floats at the rendition's rate. *out is the caller's (avcodec_free_context). -1:
 * failure set. */
int audio_encoder_open(AVCodecContext **out, const struct rendition *rendition, int64_t bitrate_bps,
    struct failure *failure);
/* A decoder for what it makes, as players have one. *out is the caller's. -1: failure set. */
int audio_encoder_open_decoder(
    AVCodecContext **out, const AVCodecContext *encoder, struct failure *failure);
/* So much silence before the first sample makes a packet begin exactly with it; the packets before
 * that hold only priming. */
int audio_encoder_lead(const AVCodecContext *encoder);

#endif
