/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decoding a little of a stream, to see whether it can be decoded at all and what its pictures are
 * like. */
#ifndef TRANSCODER_DEMUX_DECODE_CHECK_H
#define TRANSCODER_DEMUX_DECODE_CHECK_H
#include <stdbool.h>
#include <stdint.h>

#include "transcoder/worker/failure.h"

struct decode_check {
    int frames; /* that came out; 0: nothing in it can be decoded */
    int width, height;
    int sar_num, sar_den;
    bool interlaced;
    int sample_rate, channels;
};

struct decode_check_params {
    int stream;
    int frames;               /* how many to decode at each excerpt */
    int64_t start_us, end_us; /* on the container's clock: also look at a third and two thirds of
                                 it; alike: only at the file's beginning */
};

/* Decodes some frames of a stream. 0; -1: the decoder can't be opened, failure set. */
int decode_check_run(int fd, const struct decode_check_params *params, struct decode_check *out,
    struct failure *failure);

#endif
