/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Encodes one segment, and steers the CRF so that the segment keeps its byte limit. The keyframe
 * has many of the segment's bytes. If the keyframe shows that the CRF is far from a suitable one,
 * the encode starts again.
 * After that the CRF follows the bytes of the frames. An encoder that is not steerable gets its CRF
 * from a short trial encode of the first frame, and may exceed the limit.
 * The result depends only on the frames, the limit and the state of the model.
 */
#ifndef TRANSCODER_LADDER_SEGMENT_ENCODER_H
#define TRANSCODER_LADDER_SEGMENT_ENCODER_H

#include <libavcodec/avcodec.h>

#include "transcoder/ladder/rate_model.h"
#include "transcoder/video/source.h"
#include "transcoder/worker/failure.h"

/* An encoded segment. */
struct encoded {
    int crf_x10;   /* mean CRF, in tenths */
    int64_t bytes; /* bytes on the wire; the container is estimated */
    int64_t keyframe_bytes;
    AVPacket **packets; /* their times are in frames of the segment */
    size_t count, room;
};
/* Frees the packets and zeroes *encoded. */
void encoded_free(struct encoded *encoded);

struct segment_encoder;

struct segment_encoder_params {
    /* the caller's, like the model; both must outlive the encoder */
    const struct rendition *rendition;
    const struct rate_model *model;
    struct source_colours colours;
    int64_t limit_bytes; /* limit of the bytes on the wire */
    int frames;          /* number of frames in the segment */
    int finest_crf_x10;  /* the finest CRF that may be used, in tenths */
};

/*
 * Opens an encoder with the parameters of a rendition, which gives the headers that all its
 * segments share.
 * *out is the caller's, for encoder_close(). Returns 0, or -1 with failure set.
 */
int segment_encoder_codec(const struct rendition *rendition, const struct source_colours *colours,
    int crf_x10, AVCodecContext **out, struct failure *failure);

/* Opens the encoder of a segment. *out is the caller's, for segment_encoder_close(). Returns 0,
 * or -1 with failure set. One thread at a time. */
int segment_encoder_open(struct segment_encoder **out, const struct segment_encoder_params *params,
    struct failure *failure);
/* Closes the encoder and sets *encoder to NULL. Accepts NULL in *encoder. */
void segment_encoder_close(struct segment_encoder **encoder);
/* Encodes the next frame, which has the size of the rendition. A reference to it is kept.
 * Returns 0, or -1 with failure set. */
int segment_encoder_put(
    struct segment_encoder *encoder, const AVFrame *picture, struct failure *failure);
/*
 * Ends the segment after its last frame. *out is the caller's, for encoded_free(); it may exceed
 * the limit.
 * Returns 0, or -1 with failure set.
 */
int segment_encoder_finish(
    struct segment_encoder *encoder, struct encoded *out, struct failure *failure);
/* Returns the codec, for its headers; NULL before the first frame. It stays the encoder's. */
const AVCodecContext *segment_encoder_context(const struct segment_encoder *encoder);

#endif
