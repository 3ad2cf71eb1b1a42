/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One encode of a place's pictures, and what it came to. */
#ifndef TRANSCODER_PICTURE_ATTEMPT_H
#define TRANSCODER_PICTURE_ATTEMPT_H

#include "transcoder/place.h"

struct picture_attempt {
    double keyframe_bytes, rest_bps; /* the first picture; what follows it */
    double unlike;                   /* 1 - SSIM of the luma, scaled back: the mean */
};

/* Encodes the copy's pictures, every divisor-th, at x264's CRF. 0 or a negative AVERROR. Any
 * thread; the copy may be shared. */
int picture_attempt_run(
    struct picture_attempt *out, const struct place_copy *copy, int divisor, int crf);

#endif
