/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The encoder of a video rendition, for any codec. */
#ifndef TRANSCODER_VIDEO_ENCODER_H
#define TRANSCODER_VIDEO_ENCODER_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>

#include "transcoder/plan/plan.h"
#include "transcoder/video/source.h"

/* The CRFs that an encoder has, in tenths. */
struct encoder_range {
    int coarsest_x10, step_x10;
    bool steerable; /* the CRF can change from frame to frame */
};
/* Returns the range of a codec. Pure. */
struct encoder_range encoder_range(enum video_codec_id video_codec);

struct encoder_params {
    enum video_codec_id video_codec;
    int width, height;
    AVRational frame_rate;
    int crf_x10;        /* CRF of the encoder, in tenths */
    const char *preset; /* name of the encoder's preset */
    const char *tuning; /* further parameters of the encoder, "key=value:..."; may be "" */
    struct source_colours colours;
};

/*
 * Opens an encoder for one closed run of frames. Only the first frame is a keyframe. Headers are in
 * extradata. Frames must be AV_PIX_FMT_YUV420P, with times in frames.
 * *out is the caller's, for encoder_close(). Returns 0 or a negative AVERROR.
 */
int encoder_open(AVCodecContext **out, const struct encoder_params *params);

/* Closes an encoder at any point of its run, and sets *encoder to NULL. Accepts NULL in
 * *encoder. */
void encoder_close(AVCodecContext **encoder);

/* Does what avcodec_receive_packet() does, and removes data that segments need not carry. */
int encoder_receive(AVCodecContext *encoder, AVPacket *packet);

/* Sets the CRF of the frames that are encoded from now on; only for a steerable encoder. Returns
 * 0 or a negative AVERROR. */
int encoder_set_crf(AVCodecContext *encoder, int crf_x10);

#endif
