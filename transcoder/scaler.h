/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures of any size and format into 8-bit 4:2:0 of one size, limited range. One frame in, one
 * frame out. */
#ifndef TRANSCODER_SCALER_H
#define TRANSCODER_SCALER_H

#include <libavutil/frame.h>

struct scaler;

/* *out is the caller's (scaler_close). format: an enum AVPixelFormat. 0 or a negative AVERROR. */
int scaler_open(struct scaler **out, int width, int height, int format);
void scaler_close(struct scaler **scaler);
/* Scales in into the fresh frame out (the caller's to unref); pts and properties are not carried
 * over. The source's size and format may change from call to call. 0 or a negative AVERROR. One
 * thread at a time. */
int scaler_run(struct scaler *scaler, const AVFrame *in, AVFrame *out);

#endif
