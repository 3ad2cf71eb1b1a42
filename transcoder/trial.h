/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decoding a little of a stream, to see whether it can be decoded at all and what its pictures are
 * like. */
#ifndef TRANSCODER_TRIAL_H
#define TRANSCODER_TRIAL_H

#include <stdbool.h>

#include "transcoder/failure.h"

struct trial {
    int frames; /* that came out; 0: nothing in it can be decoded */
    int width, height;
    int sar_num, sar_den;
    bool interlaced;
    int sample_rate, channels;
};

/* Decodes up to `most` frames of a stream from the beginning of the file. 0; -1: the decoder can't
 * be opened, failure set. */
int trial_run(int fd, int stream, int most, struct trial *out, struct failure *failure);

#endif
