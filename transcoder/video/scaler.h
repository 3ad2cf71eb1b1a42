/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Converts frames of any size, format and colour matrix to one size, matrix and format: 8-bit
 * 4:2:0, or luma alone. Each input frame gives one output frame. */
#ifndef TRANSCODER_VIDEO_SCALER_H
#define TRANSCODER_VIDEO_SCALER_H

#include <libavutil/frame.h>

struct scaler;

struct scaler_params {
    int width, height;
    enum AVPixelFormat format;    /* YUV420P, GRAY8: limited range; YUVJ420P: full */
    enum AVColorSpace in_matrix;  /* matrix of frames that state none of those below */
    enum AVColorSpace out_matrix; /* one of the matrices of struct source_colours */
};

/* Opens a scaler. *out is the caller's, for scaler_close(). Returns 0 or a negative AVERROR. */
int scaler_open(struct scaler **out, const struct scaler_params *params);
void scaler_close(struct scaler **scaler);
/*
 * Scales `in` into the empty frame `out`. Size and format of `in` may change from call to call. pts
 * and other properties are not copied.
 * The caller unrefs out, which is read-only, because it may share the planes of `in`.
 * Returns 0 or a negative AVERROR. One thread at a time.
 */
int scaler_run(struct scaler *scaler, const AVFrame *in, AVFrame *out);

#endif
