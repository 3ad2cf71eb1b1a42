/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes one chunk of a video rendition, on a thread of its own. Each segment is encoded
 * independently, with the planned quality, or as near to it as its share of the cap allows
 * (transcoder/ladder/segment_encoder.h). If a segment is still too large, it is encoded again with
 * a coarser CRF in another pass. So measured bytes keep the cap, and a heavy segment does not lower
 * the quality of others.
 */
#ifndef TRANSCODER_LADDER_RUNG_H
#define TRANSCODER_LADDER_RUNG_H

#include "transcoder/ladder/frame_sink.h"
#include "transcoder/package/deliver.h"
#include "transcoder/video/source.h"

struct rung_params {
    const struct work *work; /* the caller's, like all that is pointed to; must outlive the rung */
    const struct plan *plan;
    const struct rendition *rendition;
    struct source_colours colours;
};

/* Opens a rung as a sink, which is the caller's. Returns 0; or -1 with failure set, and then
 * *out is empty. */
int rung_open(struct frame_sink *out, const struct rung_params *params, struct failure *failure);

#endif
