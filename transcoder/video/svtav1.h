/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SVT-AV1 as Terrace's pictures are encoded with: closed runs, the same bytes on every machine. */
#ifndef TRANSCODER_VIDEO_SVTAV1_H
#define TRANSCODER_VIDEO_SVTAV1_H
#include <libavcodec/avcodec.h>

#include "transcoder/video/source.h"

struct av1_params {
    int width, height;
    AVRational frame_rate;
    int crf;            /* SVT-AV1's, 1 to 63 */
    const char *preset; /* SVT-AV1's, a number */
    const char *tuning; /* further parameters of SVT-AV1, "key=value:..."; may be "" */
    struct source_colours colours;
};

/*
 * An encoder for one run of pictures, of which the first alone is a keyframe, with a sequence
 * header before it. It wants AV_PIX_FMT_YUV420P, counts times in frames, and gives a packet for
 * each picture, in the order of their times: what is decoded before it is shown lies in the packet
 * of an earlier one. It has threads of its own, which change nothing about what comes out. *out is
 * the caller's (av1_close). 0 or a negative AVERROR.
 */
int av1_open(AVCodecContext **out, const struct av1_params *params);

/* SVT-AV1 1.4 can't be closed before it has encoded something, nor in the midst of it: it would
 * wait for its own threads for ever. So it is taken to its end, wherever it is. Accepts NULL. */
void av1_close(AVCodecContext **encoder);

/*
 * The name for CODECS of what follows a sequence header, "av01.0.05M.08" (AV1 Codec ISO Media File
 * Format Binding, 5): data begins with its OBU. 0, or -1: it is none, or out is too small. Pure.
 */
int av1_codecs(const uint8_t *data, size_t bytes, char *out, size_t out_bytes);

#endif
