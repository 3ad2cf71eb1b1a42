/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens x264 with the settings of all our renditions: one thread, closed runs of frames, and the
 * same bytes on every machine. */
#ifndef TRANSCODER_VIDEO_H264_H
#define TRANSCODER_VIDEO_H264_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>
#include <stdint.h>

#include "transcoder/video/source.h"

struct h264_params {
    int width, height;
    AVRational frame_rate;
    int crf_x10;        /* CRF of x264, in tenths */
    const char *preset; /* name of x264's preset */
    const char *tuning; /* further parameters of x264, "key=value:..."; may be "" */
    /* true: Constrained Baseline, level 3.0, as a byte stream with delimiters and with headers
     * before each keyframe. false: High profile, with headers in extradata. */
    bool legacy;
    int64_t rate_bps; /* limit of the bit rate, with a buffer of one second; 0: no limit */
    struct source_colours colours;
};

/*
 * Opens an encoder for one run of frames. The first frame is an IDR picture, and so is each frame
 * of type AV_PICTURE_TYPE_I. There are no other keyframes. Frames must be AV_PIX_FMT_YUV420P, with
 * times in frames. Packets come in decoding order and have a pts.
 * *out is the caller's, for avcodec_free_context(). Returns 0 or a negative AVERROR.
 */
int h264_open(AVCodecContext **out, const struct h264_params *params);

/* Sets the CRF of the frames that are encoded from now on. Returns 0 or a negative AVERROR. */
int h264_set_crf(AVCodecContext *encoder, int crf_x10);

/* Does what avcodec_receive_packet() does, and removes the text in which x264 describes itself.
 * It would cost each segment about 700 bytes. In a byte stream the text stays, once in a run. */
int h264_receive(AVCodecContext *encoder, AVPacket *packet);

#endif
