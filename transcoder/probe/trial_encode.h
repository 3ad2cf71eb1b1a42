/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One encode of a place's pictures, and what it came to. */
#ifndef TRANSCODER_PROBE_TRIAL_ENCODE_H
#define TRANSCODER_PROBE_TRIAL_ENCODE_H

#include "transcoder/probe/excerpt.h"

struct picture_attempt_params {
    int divisor;        /* every which picture is encoded */
    int crf;            /* the encoder's */
    int video_codec;    /* enum plan_video_codec */
    const char *preset; /* the encoder's; NULL: x264's "veryfast" */
};

struct picture_attempt {
    double keyframe_bytes, rest_bps; /* the first picture; what follows it */
    double unlike;                   /* 1 - SSIM of the luma, scaled back: the mean */
};

/* Encodes the copy's pictures. 0 or a negative AVERROR. Any thread; the copy may be shared. */
int picture_attempt_run(struct picture_attempt *out, const struct place_copy *copy,
    const struct picture_attempt_params *params);

#endif
