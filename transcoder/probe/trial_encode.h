/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes one trial encode of an excerpt's video, and measures its bytes and quality. */
#ifndef TRANSCODER_PROBE_TRIAL_ENCODE_H
#define TRANSCODER_PROBE_TRIAL_ENCODE_H

#include "transcoder/probe/excerpt.h"
#include "transcoder/protocol/rendition.h"

struct trial_encode_params {
    int divisor; /* every n-th frame of the grid is encoded */
    int crf;     /* CRF of the encoder */
    enum video_codec_id video_codec;
    const char *preset; /* the encoder's preset; NULL: "veryfast" of x264 */
};

struct trial_encode {
    double keyframe_bytes; /* size of the first frame */
    double rest_bps;       /* bit rate of the other frames */
    double dssim;          /* mean of 1 - SSIM of the luma, scaled back to the excerpt's size */
};

/* Encodes the frames of the copy. Any thread; several may share a copy. Returns 0 or a negative
 * AVERROR. */
int trial_encode_run(struct trial_encode *out, const struct excerpt_copy *copy,
    const struct trial_encode_params *params);

#endif
