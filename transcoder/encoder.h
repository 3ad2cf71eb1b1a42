/* SPDX-License-Identifier: GPL-3.0-or-later */
/* H.264 encoders that give the same bytes for the same pictures: one thread, keyframes where they
 * are asked for and nowhere else. */
#ifndef TRANSCODER_ENCODER_H
#define TRANSCODER_ENCODER_H

#include <libavcodec/avcodec.h>

#include "transcoder/failure.h"
#include "transcoder/plan/plan.h"
#include "transcoder/source.h"

/*
 * Opens libx264 for a rendition: for PLAN_VIDEO High profile with its headers beside the stream
 * (extradata), for PLAN_LEGACY Constrained Baseline level 3.0 as a byte stream with delimiters and
 * headers before each keyframe. Times are counted in frames. *out is the caller's
 * (avcodec_free_context), NULL on failure. 0, or -1: failure set.
 */
int encoder_open(AVCodecContext **out, const struct plan_rendition *rendition,
    const struct source_colours *colours, struct failure *failure);

#endif
