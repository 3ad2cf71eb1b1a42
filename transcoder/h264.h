/* SPDX-License-Identifier: GPL-3.0-or-later */
/* x264 as all of Terrace's pictures are encoded with: one thread, closed, the same bytes on every
 * machine. */
#ifndef TRANSCODER_H264_H
#define TRANSCODER_H264_H

#include <libavcodec/avcodec.h>

#include "transcoder/source.h"

struct h264_params {
    int width, height;
    AVRational frame_rate;
    int crf_x10;        /* in tenths */
    const char *preset; /* x264's */
    const char *tuning; /* further parameters of x264, "key=value:..."; may be "" */
    struct source_colours colours;
};

/*
 * An encoder for one run of pictures that begins with an IDR picture and has no other. It wants
 * AV_PIX_FMT_YUV420P, counts times in frames, and its packets have pts in decoding order. *out is
 * the caller's (avcodec_free_context). 0 or a negative AVERROR.
 */
int h264_open(AVCodecContext **out, const struct h264_params *params);

/* avcodec_receive_packet() without x264's description of itself, which would cost every segment
 * some 700 bytes. */
int h264_receive(AVCodecContext *encoder, AVPacket *packet);

#endif
