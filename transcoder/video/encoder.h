/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The encoder of a video rendition's pictures, in whichever codec. */
#ifndef TRANSCODER_VIDEO_ENCODER_H
#define TRANSCODER_VIDEO_ENCODER_H
#include <libavcodec/avcodec.h>
#include <stdbool.h>

#include "transcoder/plan/plan.h"
#include "transcoder/video/source.h"

/* What CRFs an encoder has, in tenths. */
struct encoder_range {
    int coarsest_x10, step_x10;
    bool steerable; /* it can change between pictures */
};
struct encoder_range encoder_range(int video_codec);

struct encoder_params {
    int video_codec; /* enum video_codec_id */
    int width, height;
    AVRational frame_rate;
    int crf_x10;        /* the encoder's, in tenths */
    const char *preset; /* the encoder's; as its parameters beyond that, "key=value:..." */
    const char *tuning;
    struct source_colours colours;
};

/* A closed run of pictures, the first a keyframe and no other; headers in extradata. It wants
 * AV_PIX_FMT_YUV420P and counts times in frames. *out is the caller's (encoder_close). 0 or
 * a negative AVERROR. */
int encoder_open(AVCodecContext **out, const struct encoder_params *params);

/* Accepts NULL, and encoders at whatever point. */
void encoder_close(AVCodecContext **encoder);

/* avcodec_receive_packet() without what segments need not carry. */
int encoder_receive(AVCodecContext *encoder, AVPacket *packet);

/* From the next picture that is encoded on; steerable ones only. 0 or a negative AVERROR. */
int encoder_set_crf(AVCodecContext *encoder, int crf_x10);

#endif
