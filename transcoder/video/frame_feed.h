/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a rendition gets its pictures: a thread of its own, which takes those of a pass from the one
 * that decodes, scales them and hands them on to be encoded. So one decode feeds all renditions.
 */
#ifndef TRANSCODER_VIDEO_FRAME_FEED_H
#define TRANSCODER_VIDEO_FRAME_FEED_H
#include <stdbool.h>

#include "transcoder/video/scaler.h"
#include "transcoder/worker/failure.h"

struct frame_feed;

/* Whom the pictures are for. Both are called on the intake's thread; 0, or -1: failure set, and
 * the pass ends there. */
struct frame_consumer {
    /* A picture, scaled, its pts as given to frame_feed_put(). It stays the intake's; its
     * planes are read-only, what else its frame says may be changed. */
    int (*take)(void *context, AVFrame *picture, struct failure *failure);
    /* The pass was given whole. */
    int (*end)(void *context, struct failure *failure);
};

/* taker and context are the caller's and outlive the intake. *out is the caller's
 * (frame_feed_close). 0, or AVERROR(ENOMEM). */
int frame_feed_open(struct frame_feed **out, const struct scaler_params *scaling,
    const struct frame_consumer *taker, void *context);
/* Accepts NULL. A pass must not be under way. */
void frame_feed_close(struct frame_feed **intake);

/* Begins a pass: starts the thread. 0, or -1: failure set. */
int frame_feed_begin(struct frame_feed *intake, struct failure *failure);
/* Gives it a picture; waits while the thread is behind. A picture that can't be scaled shows the
 * one before it. 0, or -1: the taker has failed or memory is out; end the pass. */
int frame_feed_put(struct frame_feed *intake, const AVFrame *picture, int64_t pts);
/* Ends the pass (`aborted`: not all was given), waits for the thread; nothing where none is under
 * way. 0, or -1: failure set. */
int frame_feed_end(struct frame_feed *intake, bool aborted, struct failure *failure);

#endif
