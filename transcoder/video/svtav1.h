/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens SVT-AV1 with the settings of all our renditions: closed runs of frames, and the same
 * bytes on every machine. */
#ifndef TRANSCODER_VIDEO_SVTAV1_H
#define TRANSCODER_VIDEO_SVTAV1_H

#include <libavcodec/avcodec.h>

#include "transcoder/video/source.h"

struct av1_params {
    int width, height;
    AVRational frame_rate;
    int crf;            /* CRF of SVT-AV1, 1 to 63 */
    const char *preset; /* SVT-AV1's preset, a number as text */
    const char *tuning; /* further parameters of SVT-AV1, "key=value:..."; may be "" */
    struct source_colours colours;
};

/*
 * Opens an encoder for one run of frames. Only the first frame is a keyframe, with a sequence
 * header before it. Frames must be AV_PIX_FMT_YUV420P, with times in frames.
 * The encoder returns one packet for each frame, in the order of their times. A frame that is
 * decoded before it is shown is part of the packet of an earlier frame. The encoder has threads of
 * its own, which do not change the result.
 * *out is the caller's, for av1_close(). Returns 0 or a negative AVERROR.
 */
int av1_open(AVCodecContext **out, const struct av1_params *params);

/*
 * Closes an encoder at any point of its run, and sets *encoder to NULL. Accepts NULL in *encoder.
 * SVT-AV1 1.4 waits for its own threads for ever if it is closed before its first frame or in the
 * middle of a run. So av1_close() first feeds it to its end.
 */
void av1_close(AVCodecContext **encoder);

/*
 * Writes the codec name for the CODECS attribute, such as "av01.0.05M.08" (AV1 Codec ISO Media File
 * Format Binding, section 5). data must start with the OBU of a sequence header.
 *
 * Returns 0; or -1: data does not start so, the header has features that our encoder never uses, or
 * out is too small. Pure.
 */
int av1_codecs(const uint8_t *data, size_t bytes, char *out, size_t out_bytes);

#endif
