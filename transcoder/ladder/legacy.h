/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One chunk of the legacy rendition: the pictures of a pass encoded for old boxes, with the sound
 * of the lesson's AAC rendition, whose chunks have the same boundaries and lie there already. So
 * all renditions sound alike, frames join at the chunks' edges as they do there, and no chunk has
 * to decode an hour of sound to get at its minute.
 */
#ifndef TRANSCODER_LADDER_LEGACY_H
#define TRANSCODER_LADDER_LEGACY_H

#include "transcoder/package/deliver.h"
#include "transcoder/video/source.h"

struct legacy;

struct legacy_params {
    const struct piece *piece; /* the caller's, like all here; outlives the chunk */
    const struct plan *plan;
    const struct plan_rendition *rendition;
    const struct plan_rendition *sound_rendition; /* NULL: no sound */
    struct source_colours colours;
};

/* *out is the caller's (legacy_close), also on failure. 0, or -1: failure set. */
int legacy_open(struct legacy **out, const struct legacy_params *params, struct failure *failure);
/* Accepts NULL. A pass must not be under way. */
void legacy_close(struct legacy **legacy);

/* Begins the pass that it takes; there is one: its encoder holds its rate by itself. 0, or -1:
 * failure set. */
int legacy_begin_pass(struct legacy *legacy, struct failure *failure);
/* Gives it the picture at frame n of the grid, which it passes over if that is none of its frames.
 * Every frame of the chunk must be given, in order; waits while its thread is behind. 0, or -1: the
 * thread has failed or memory is out; end the pass. */
int legacy_put(struct legacy *legacy, const AVFrame *frame, int64_t n);
/* Ends the pass (`aborted`: not all was given), waits for the thread. 0, or -1: failure set. */
int legacy_end_pass(struct legacy *legacy, bool aborted, struct failure *failure);

/* Writes the chunk and reports it. After the pass. 0, or -1: failure set. */
int legacy_deliver(struct legacy *legacy, struct failure *failure);

#endif
