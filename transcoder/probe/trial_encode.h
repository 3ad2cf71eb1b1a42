/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One encode of a excerpt's pictures, and what it came to. */
#ifndef TRANSCODER_PROBE_TRIAL_ENCODE_H
#define TRANSCODER_PROBE_TRIAL_ENCODE_H
#include "transcoder/probe/excerpt.h"

struct trial_encode_params {
    int divisor;        /* every which picture is encoded */
    int crf;            /* the encoder's */
    int video_codec;    /* enum video_codec_id */
    const char *preset; /* the encoder's; NULL: x264's "veryfast" */
};

struct trial_encode {
    double keyframe_bytes, rest_bps; /* the first picture; what follows it */
    double dssim;                    /* 1 - SSIM of the luma, scaled back: the mean */
};

/* Encodes the copy's pictures. 0 or a negative AVERROR. Any thread; the copy may be shared. */
int trial_encode_run(struct trial_encode *out, const struct excerpt_copy *copy,
    const struct trial_encode_params *params);

#endif
