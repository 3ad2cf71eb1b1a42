/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/filter_graph.h"

#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/channel_layout.h>
#include <libavutil/mem.h>
#include <stdio.h>

struct filter_graph {
    AVFilterGraph *graph;
    AVFilterContext *source, *sink;
    AVFrame *in;
    int64_t pushed_samples;
};

static int parse(struct filter_graph *g, const char *chain)
{
    AVFilterInOut *outputs = avfilter_inout_alloc(), *inputs = avfilter_inout_alloc();
    int error = AVERROR(ENOMEM);
    if (outputs && inputs) {
        *outputs = (AVFilterInOut){.name = av_strdup("in"), .filter_ctx = g->source, .pad_idx = 0};
        *inputs = (AVFilterInOut){.name = av_strdup("out"), .filter_ctx = g->sink, .pad_idx = 0};
        error = avfilter_graph_parse_ptr(g->graph, chain, &inputs, &outputs, NULL);
    }
    avfilter_inout_free(&outputs);
    avfilter_inout_free(&inputs);
    return error;
}

static int build(struct filter_graph *g, int rate_hz, const char *chain)
{
    g->graph = avfilter_graph_alloc();
    g->in = av_frame_alloc();
    if (!g->graph || !g->in)
        return AVERROR(ENOMEM);
    g->graph->nb_threads = 1;
    char params[96];
    snprintf(params, sizeof(params),
        "time_base=1/%d:sample_rate=%d:sample_fmt=fltp:channel_layout=mono", rate_hz, rate_hz);
    int error = avfilter_graph_create_filter(
        &g->source, avfilter_get_by_name("abuffer"), "in", params, NULL, g->graph);
    if (error >= 0)
        error = avfilter_graph_create_filter(
            &g->sink, avfilter_get_by_name("abuffersink"), "out", NULL, NULL, g->graph);
    if (error >= 0)
        error = parse(g, chain);
    return error < 0 ? error : avfilter_graph_config(g->graph, NULL);
}

int filter_graph_open(
    struct filter_graph **out, int rate_hz, const char *chain, struct failure *failure)
{
    struct filter_graph *g = av_mallocz(sizeof(*g));
    int error = g ? build(g, rate_hz, chain) : AVERROR(ENOMEM);
    *out = g;
    if (error >= 0)
        return 0;
    filter_graph_close(out);
    return failure_from_av(failure, error, REASON_INTERNAL, chain);
}

void filter_graph_close(struct filter_graph **graph)
{
    if (!*graph)
        return;
    avfilter_graph_free(&(*graph)->graph);
    av_frame_free(&(*graph)->in);
    av_freep(graph);
}

int filter_graph_push(struct filter_graph *g, const AVFrame *frame, struct failure *failure)
{
    int error = frame ? av_frame_ref(g->in, frame) : 0;
    if (error >= 0 && frame) {
        g->in->pts = g->pushed_samples;
        g->pushed_samples += frame->nb_samples;
    }
    if (error >= 0)
        error = av_buffersrc_add_frame_flags(g->source, frame ? g->in : NULL, 0);
    av_frame_unref(g->in);
    return error < 0 ? failure_from_av(failure, error, REASON_INTERNAL, "sound filters") : 0;
}

int filter_graph_pull(struct filter_graph *g, AVFrame *frame, struct failure *failure)
{
    int error = av_buffersink_get_frame(g->sink, frame);
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
        return 0;
    return error < 0 ? failure_from_av(failure, error, REASON_INTERNAL, "sound filters") : 1;
}
