/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A frame sink takes the frames of a chunk and makes the chunk of one rendition of them: of a
 * rung, or of the legacy rendition.
 * A chunk is decoded in passes. In each pass every sink gets the frames of the segments that it
 * wanted when the pass began. A sink that wants no more segments delivers its chunk.
 *
 * All functions are called on one thread. A sink may use threads of its own inside.
 */
#ifndef TRANSCODER_LADDER_FRAME_SINK_H
#define TRANSCODER_LADDER_FRAME_SINK_H

#include <libavutil/frame.h>
#include <stdbool.h>
#include <stdint.h>

#include "transcoder/worker/failure.h"

struct frame_sink_ops {
    /* Whether the sink still wants a segment, for the first time or again. Called between
     * passes. */
    bool (*wants)(const void *sink, int segment);
    /* Begins a pass. Returns 0; or -1 with failure set. */
    int (*begin_pass)(void *sink, struct failure *failure);
    /*
     * Takes frame n of the grid, which lies in a segment that the sink wants. Every frame of these
     * segments is given, in order. Waits while the thread of the sink is behind.
     * Returns 0; or -1 if the thread failed or memory ran out, and then the caller must end the
     * pass.
     */
    int (*put)(void *sink, const AVFrame *frame, int64_t n, int segment);
    /* Ends the pass and waits for the thread of the sink. Also called if the pass of this sink did
     * not begin. aborted: some frames were not given. Returns 0; or -1 with failure set. */
    int (*end_pass)(void *sink, bool aborted, struct failure *failure);
    /* Writes the chunk and reports it. Called once the sink wants no more segments. Returns 0;
     * or -1 with failure set. */
    int (*deliver)(void *sink, struct failure *failure);
    /* Frees the sink. No pass may be under way. */
    void (*close)(void *sink);
};

/* A sink of any kind. ops is NULL if there is none. */
struct frame_sink {
    const struct frame_sink_ops *ops;
    void *sink;
};

#endif
