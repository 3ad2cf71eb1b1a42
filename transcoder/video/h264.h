/* SPDX-License-Identifier: GPL-3.0-or-later */
/* x264 as all of Terrace's pictures are encoded with: one thread, closed, the same bytes on every
 * machine. */
#ifndef TRANSCODER_VIDEO_H264_H
#define TRANSCODER_VIDEO_H264_H
#include <libavcodec/avcodec.h>
#include <stdbool.h>
#include <stdint.h>

#include "transcoder/video/source.h"

struct h264_params {
    int width, height;
    AVRational frame_rate;
    int crf_x10;        /* in tenths */
    const char *preset; /* x264's */
    const char *tuning; /* further parameters of x264, "key=value:..."; may be "" */
    bool legacy;        /* Constrained Baseline, level 3.0, as a byte stream with delimiters and
                           with headers before each keyframe; else High, headers in extradata */
    int64_t rate_bps;   /* most that it may take at any time; 0: no limit */
    struct source_colours colours;
};

/*
 * An encoder for one run of pictures. IDR pictures are the first and those that are given it as
 * AV_PICTURE_TYPE_I; there is no other keyframe. It wants AV_PIX_FMT_YUV420P, counts times in
 * frames, and its packets have pts in decoding order. *out is the caller's (avcodec_free_context).
 * 0 or a negative AVERROR.
 */
int h264_open(AVCodecContext **out, const struct h264_params *params);

/* From the next picture that is encoded on. 0 or a negative AVERROR. */
int h264_set_crf(AVCodecContext *encoder, int crf_x10);

/* avcodec_receive_packet() without x264's description of itself, which would cost every segment
 * some 700 bytes (in a byte stream it stays: once a run). */
int h264_receive(AVCodecContext *encoder, AVPacket *packet);

#endif
