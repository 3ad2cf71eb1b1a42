/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures of any size, format and colour matrix into 8-bit 4:2:0 of one size and matrix. One frame
 * in, one frame out. */
#ifndef TRANSCODER_VIDEO_SCALER_H
#define TRANSCODER_VIDEO_SCALER_H
#include <libavutil/frame.h>

struct scaler;

struct scaler_params {
    int width, height;
    enum AVPixelFormat format;    /* YUV420P: limited range; YUVJ420P: full */
    enum AVColorSpace in_matrix;  /* of pictures that don't say */
    enum AVColorSpace out_matrix; /* one that struct source_colours can have */
};

/* *out is the caller's (scaler_close). 0 or a negative AVERROR. */
int scaler_open(struct scaler **out, const struct scaler_params *params);
void scaler_close(struct scaler **scaler);
/* Scales in into the fresh frame out (the caller's to unref; read-only, since it may share in's
 * planes); pts and properties are not carried over. The source's size and format may change from
 * call to call. 0 or a negative AVERROR. One thread at a time. */
int scaler_run(struct scaler *scaler, const AVFrame *in, AVFrame *out);

#endif
