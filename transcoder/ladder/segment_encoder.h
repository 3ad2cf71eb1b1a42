/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One encode of one segment, kept under its limit while it is made. Once the keyframe is there,
 * which is much of a segment's bytes, it is begun anew if it was far from what suits; from then on
 * the CRF follows what the pictures take. An encoder that can't be steered gets a CRF that suits by
 * a short trial of the first picture, and may miss. What comes out depends on the pictures, the
 * limit and the model's state alone.
 */
#ifndef TRANSCODER_LADDER_SEGMENT_ENCODER_H
#define TRANSCODER_LADDER_SEGMENT_ENCODER_H
#include <libavcodec/avcodec.h>

#include "transcoder/ladder/rate_model.h"
#include "transcoder/video/source.h"
#include "transcoder/worker/failure.h"

/* An encoded segment. */
struct encoded {
    int crf_x10;   /* in the mean */
    int64_t bytes; /* on the wire, its container's share estimated */
    int64_t keyframe_bytes;
    AVPacket **packets; /* their times count frames of the segment */
    size_t count, room;
};
void encoded_free(struct encoded *encoded);

struct segment_encoder;

struct segment_encoder_params {
    const struct rendition *rendition; /* the caller's; outlives the encoder, as the model */
    const struct rate_model *model;
    struct source_colours colours;
    int64_t limit_bytes; /* on the wire */
    int frames;          /* of the segment */
    int finest_crf_x10;  /* what is good enough */
};

/* An encoder of the rendition as such, for what all its segments have in common (headers). *out is
 * the caller's (encoder_close). 0, or -1: failure set. */
int segment_encoder_codec(const struct rendition *rendition, const struct source_colours *colours,
    int crf_x10, AVCodecContext **out, struct failure *failure);

/* *out is the caller's (segment_encoder_close). 0, or -1: failure set. One thread at a time. */
int segment_encoder_open(struct segment_encoder **out, const struct segment_encoder_params *params,
    struct failure *failure);
/* Accepts NULL. */
void segment_encoder_close(struct segment_encoder **encoder);
/* The next picture, at the rendition's size; a reference is kept. 0, or -1: failure set. */
int segment_encoder_put(
    struct segment_encoder *encoder, const AVFrame *picture, struct failure *failure);
/* After the last picture. *out is the caller's (encoded_free); it may be over the limit. 0, or -1:
 * failure set. */
int segment_encoder_finish(
    struct segment_encoder *encoder, struct encoded *out, struct failure *failure);
/* The codec, for its headers; the encoder's. */
const AVCodecContext *segment_encoder_context(const struct segment_encoder *encoder);

#endif
