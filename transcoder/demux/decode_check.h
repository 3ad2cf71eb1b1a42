/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decodes a few frames of a stream, to find out whether the stream can be decoded and what its
 * pictures or its audio are like. */
#ifndef TRANSCODER_DEMUX_DECODE_CHECK_H
#define TRANSCODER_DEMUX_DECODE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "transcoder/worker/failure.h"

/* The findings about a stream. All but `frames` and `interlaced` come from the first frame. */
struct decode_check {
    int frames; /* number of decoded frames; 0: nothing can be decoded */
    int width, height;
    int sar_num, sar_den;
    bool interlaced;
    int sample_rate, channels;
};

struct decode_check_params {
    int stream;
    int frames; /* number of frames to decode at each position */
    /* The span of the stream, in the container's time. Frames at a third and at two thirds of it
     * are decoded too. If both are equal, only the start of the file is decoded. */
    int64_t start_us, end_us;
};

/*
 * Decodes some frames of a stream. fd stays the caller's.
 * Returns 0; or -1 with failure set: the file or the decoder can't be opened, or memory runs out.
 */
int decode_check_run(int fd, const struct decode_check_params *params, struct decode_check *out,
    struct failure *failure);

#endif
