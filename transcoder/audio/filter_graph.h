/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A chain of libavfilter's filters that mono sound runs through. One thread, so that the same sound
 * gives the same samples every time. No frame's time matters: samples are counted.
 */
#ifndef TRANSCODER_AUDIO_FILTER_GRAPH_H
#define TRANSCODER_AUDIO_FILTER_GRAPH_H
#include <libavfilter/avfilter.h>
#include <libavutil/frame.h>

#include "transcoder/worker/failure.h"

struct filter_graph;

/* Opens a chain, in libavfilter's notation, for mono planar floats at rate_hz. *out is the caller's
 * (filter_graph_close). -1: failure set. */
int filter_graph_open(
    struct filter_graph **out, int rate_hz, const char *chain, struct failure *failure);
void filter_graph_close(struct filter_graph **graph);

/* Puts samples in; the frame stays the caller's. NULL: that was all. 0, or -1: failure set. */
int filter_graph_push(struct filter_graph *graph, const AVFrame *frame, struct failure *failure);
/* Takes out what is ready into frame (fresh; the caller's to unref). 1; 0: nothing until more is
 * pushed, or nothing at all after the end; -1: failure set. */
int filter_graph_pull(struct filter_graph *graph, AVFrame *frame, struct failure *failure);

#endif
