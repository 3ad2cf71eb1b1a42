/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One video rendition of a chunk, encoded on a thread of its own. Each segment is an encode of its
 * own, at the planned quality or as near to it as its share of the cap allows
 * (transcoder/ladder/segment_encoder.h); one that took more all the same is encoded again, coarser, in
 * another pass over the pictures. So caps hold by measured bytes, and a heavy segment costs no
 * other its quality.
 */
#ifndef TRANSCODER_LADDER_RUNG_H
#define TRANSCODER_LADDER_RUNG_H

#include "transcoder/package/deliver.h"
#include "transcoder/video/source.h"

struct rung;

struct rung_params {
    const struct piece *piece; /* the caller's, like all here; outlives the rung */
    const struct plan *plan;
    const struct plan_rendition *rendition;
    struct source_colours colours;
};

/* *out is the caller's (rung_close). 0, or -1: failure set. */
int rung_open(struct rung **out, const struct rung_params *params, struct failure *failure);
/* Accepts NULL. A pass must not be under way. */
void rung_close(struct rung **rung);

/* Whether a segment is still to be encoded, for the first time or again. Between passes. */
bool rung_wants(const struct rung *rung, int segment);

/* Begins a pass: starts the thread. 0, or -1: failure set. */
int rung_begin_pass(struct rung *rung, struct failure *failure);
/* Gives it the picture at frame n of the grid, which it passes over if that is none of its frames
 * or in a segment that it does not want. Every frame of a wanted segment must be given, in order;
 * waits while the thread is behind. 0, or -1: the thread has failed or memory is out; end the pass.
 */
int rung_put(struct rung *rung, const AVFrame *frame, int64_t n, int segment);
/* Ends the pass (`aborted`: not all was given), waits for the thread. 0, or -1: failure set. */
int rung_end_pass(struct rung *rung, bool aborted, struct failure *failure);

/* Packs the segments, writes chunk and init segment and reports them. Once it wants nothing more.
 * 0, or -1: failure set. */
int rung_deliver(struct rung *rung, struct failure *failure);

#endif
