/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs mono audio through a chain of libavfilter's filters. It uses one thread, so the same
 * input always gives the same output. Timestamps of frames are ignored; samples are counted. */
#ifndef TRANSCODER_AUDIO_FILTER_GRAPH_H
#define TRANSCODER_AUDIO_FILTER_GRAPH_H

#include <libavfilter/avfilter.h>
#include <libavutil/frame.h>

#include "transcoder/worker/failure.h"

struct filter_graph;

/* Opens a chain for mono planar floats at rate_hz. chain: in libavfilter's syntax. *out is the
 * caller's, for filter_graph_close(). Returns 0, or -1 with failure set. */
int filter_graph_open(
    struct filter_graph **out, int rate_hz, const char *chain, struct failure *failure);
/* Closes the chain and sets *graph to NULL. Accepts NULL in *graph. */
void filter_graph_close(struct filter_graph **graph);

/* Puts samples in; the frame stays the caller's. NULL marks the end. Returns 0, or -1 with
 * failure set. */
int filter_graph_push(struct filter_graph *graph, const AVFrame *frame, struct failure *failure);
/*
 * Takes the samples that are ready out into an empty frame; the caller unrefs it.
 * Returns 1; 0: nothing until more is pushed, or nothing more after the end; -1 with failure set.
 */
int filter_graph_pull(struct filter_graph *graph, AVFrame *frame, struct failure *failure);

#endif
