/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Brings sound to a level before it is encoded: gentle noise reduction, gain, a look-ahead limiter,
 * the encoder's sample rate and frame size. What comes out is lined up with what went in to the
 * sample: the filters' delays are cut off.
 */
#ifndef TRANSCODER_LOUDNESS_H
#define TRANSCODER_LOUDNESS_H

#include "transcoder/sound_graph.h"

struct loudness_params {
    int gain_db_x100;
    int limit_dbfs_x100;    /* no sample is beyond it; -2400 to 0 */
    int noise_reduction_db; /* 0: none; at most 24 */
    int noise_dbfs;         /* the noise floor before the gain; -80 to -20 is made of it */
    int rate_hz;            /* of what comes out */
    int lead_samples;       /* silence put in before all, at rate_hz */
    int frame_samples;      /* of each frame that comes out, but for the last */
};

/* Opens the chain of filters for mono planar floats at SOUND_RATE. *out is the caller's
 * (sound_graph_close). -1: failure set. */
int loudness_open(
    struct sound_graph **out, const struct loudness_params *params, struct failure *failure);

#endif
