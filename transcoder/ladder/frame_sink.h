/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What takes the pictures of a chunk and makes a rendition of them: a rung, or the legacy
 * rendition. A chunk is decoded in passes. In each pass, every sink gets the frames of the segments
 * that it wanted when the pass began; a sink that wants nothing more delivers its chunk.
 *
 * All functions are called on one thread, except where a sink says otherwise of its own threads.
 */
#ifndef TRANSCODER_LADDER_FRAME_SINK_H
#define TRANSCODER_LADDER_FRAME_SINK_H
#include <libavutil/frame.h>
#include <stdbool.h>
#include <stdint.h>

#include "transcoder/worker/failure.h"

struct frame_sink_ops {
    /* Whether a segment is still to be encoded, for the first time or again. Between passes. */
    bool (*wants)(const void *sink, int segment);
    /* Begins a pass. Returns 0; or -1 with failure set. */
    int (*begin_pass)(void *sink, struct failure *failure);
    /* Takes frame n of the grid, which lies in a segment that the sink wants. Every frame of these
     * segments is given, in order. Waits while the sink's thread is behind. Returns 0; or -1 if the
     * thread failed or memory ran out: then the pass must be ended. */
    int (*put)(void *sink, const AVFrame *frame, int64_t n, int segment);
    /* Ends the pass and waits for the sink's thread. aborted: some frames were not given. Returns 0;
     * or -1 with failure set. */
    int (*end_pass)(void *sink, bool aborted, struct failure *failure);
    /* Writes the chunk and reports it. Once the sink wants nothing more. Returns 0; or -1 with
     * failure set. */
    int (*deliver)(void *sink, struct failure *failure);
    /* Frees the sink. No pass may be under way. */
    void (*close)(void *sink);
};

/* A sink of any kind. ops NULL: none. */
struct frame_sink {
    const struct frame_sink_ops *ops;
    void *sink;
};

#endif
