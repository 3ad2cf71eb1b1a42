/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passes the frames of one decoder to a rendition. The rendition has its own thread, which
 * scales the frames and hands them to a consumer to encode. So one decode serves all renditions. */
#ifndef TRANSCODER_VIDEO_FRAME_FEED_H
#define TRANSCODER_VIDEO_FRAME_FEED_H

#include <stdbool.h>

#include "transcoder/video/scaler.h"
#include "transcoder/worker/failure.h"

struct frame_feed;

/* The consumer of the frames. Both functions are called on the thread of the feed. They return
 * 0; or -1 with failure set, which ends the pass. */
struct frame_consumer {
    /* Takes a scaled frame, with the pts that was given to frame_feed_put(). The frame stays the
     * feed's. Its planes are read-only, its other members may be changed. */
    int (*take)(void *context, AVFrame *picture, struct failure *failure);
    /* Called at the end of a pass, unless the pass was aborted or has failed. */
    int (*end)(void *context, struct failure *failure);
};

/* Opens a feed. consumer and context stay the caller's and must outlive the feed. *out is the
 * caller's, for frame_feed_close(). Returns 0 or AVERROR(ENOMEM). */
int frame_feed_open(struct frame_feed **out, const struct scaler_params *scaling,
    const struct frame_consumer *consumer, void *context);
/* Closes the feed and sets *feed to NULL. Accepts NULL in *feed. No pass may be under way. */
void frame_feed_close(struct frame_feed **feed);

/* Begins a pass: starts the thread. Returns 0, or -1 with failure set. */
int frame_feed_begin(struct frame_feed *feed, struct failure *failure);
/*
 * Gives the feed a frame; waits while the thread is behind. If a frame can't be scaled, the
 * previous one is used in its place. If there is no previous one, the pass fails.
 *
 * Returns 0; or -1: the thread failed or memory ran out, and the caller must end the pass.
 */
int frame_feed_put(struct frame_feed *feed, const AVFrame *picture, int64_t pts);
/* Ends the pass and waits for the thread. Does nothing if no pass is under way. aborted: some
 * frames were not given. Returns 0, or -1 with failure set. */
int frame_feed_end(struct frame_feed *feed, bool aborted, struct failure *failure);

#endif
