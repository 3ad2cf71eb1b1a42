/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/demux/decode_check.h"

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <stdio.h>
#include <stdlib.h>

#include "transcoder/demux/input.h"

/* Limit of the packets that are decoded at one position. */
#define MAX_PACKETS 2000

/* FFmpeg's filter idet, which detects the combing of interlaced frames. */
struct comb_detector {
    AVFilterGraph *graph;
    AVFilterContext *in, *out;
    int combed, progressive;
};

static int open_detector(struct comb_detector *d, const AVFrame *frame)
{
    d->graph = avfilter_graph_alloc();
    if (!d->graph)
        return AVERROR(ENOMEM);
    d->graph->nb_threads = 1;
    char arguments[128];
    AVFilterContext *idet;
    snprintf(arguments, sizeof(arguments), "video_size=%dx%d:pix_fmt=%d:time_base=1/25",
        frame->width, frame->height, frame->format);
    int error = avfilter_graph_create_filter(
        &d->in, avfilter_get_by_name("buffer"), "in", arguments, NULL, d->graph);
    if (error >= 0)
        error = avfilter_graph_create_filter(
            &idet, avfilter_get_by_name("idet"), "idet", NULL, NULL, d->graph);
    if (error >= 0)
        error = avfilter_graph_create_filter(
            &d->out, avfilter_get_by_name("buffersink"), "out", NULL, NULL, d->graph);
    if (error >= 0)
        error = avfilter_link(d->in, 0, idet, 0);
    if (error >= 0)
        error = avfilter_link(idet, 0, d->out, 0);
    return error < 0 ? error : avfilter_graph_config(d->graph, NULL);
}

static int metadata_count(const AVFrame *frame, const char *key)
{
    const AVDictionaryEntry *entry = av_dict_get(frame->metadata, key, NULL, 0);
    return entry ? (int)strtol(entry->value, NULL, 10) : 0;
}

/* Feeds a frame to the detector (NULL: the end of the stream). A frame that the filter cannot
 * process is not counted. */
static void detect(struct comb_detector *d, AVFrame *frame)
{
    if (frame && !d->graph && open_detector(d, frame) < 0)
        avfilter_graph_free(&d->graph);
    AVFrame *result = av_frame_alloc();
    if (d->graph && result &&
        av_buffersrc_add_frame_flags(d->in, frame, AV_BUFFERSRC_FLAG_KEEP_REF) >= 0)
        while (av_buffersink_get_frame(d->out, result) >= 0) {
            d->combed = metadata_count(result, "lavfi.idet.multiple.tff") +
                        metadata_count(result, "lavfi.idet.multiple.bff");
            d->progressive = metadata_count(result, "lavfi.idet.multiple.progressive");
            av_frame_unref(result);
        }
    av_frame_free(&result);
}

/* The state while a stream is checked. */
struct checker {
    struct input *input;
    AVCodecContext *decoder;
    const struct decode_check_params *params;
    struct decode_check *out;
    struct comb_detector detector;
    AVPacket *packet;
    AVFrame *frame;
    int flagged;        /* number of frames with the interlaced flag */
    int wanted;         /* total number of frames to reach at the current position */
    bool out_of_memory; /* memory ran out */
};

static void take_frame(struct checker *t)
{
    struct decode_check *out = t->out;
    const AVFrame *frame = t->frame;
    out->frames++;
    if (frame->width > 0) {
        if (out->frames == 1) {
            out->width = frame->width;
            out->height = frame->height;
            out->sar_num = frame->sample_aspect_ratio.num;
            out->sar_den = frame->sample_aspect_ratio.den;
        }
        t->flagged += frame->interlaced_frame;
        detect(&t->detector, t->frame);
    } else if (out->frames == 1) {
        out->sample_rate = frame->sample_rate;
        out->channels = frame->ch_layout.nb_channels;
    }
}

static void feed(struct checker *t, const AVPacket *packet)
{
    int error = avcodec_send_packet(t->decoder, packet);
    t->out_of_memory |= error == AVERROR(ENOMEM);
    if (error < 0)
        return;
    while (t->out->frames < t->wanted && avcodec_receive_frame(t->decoder, t->frame) >= 0) {
        take_frame(t);
        av_frame_unref(t->frame);
    }
}

static void check_here(struct checker *t)
{
    t->wanted = t->out->frames + t->params->frames;
    for (int packets = 0; packets < MAX_PACKETS && t->out->frames < t->wanted;) {
        if (input_read(t->input, t->packet) < 0) {
            feed(t, NULL);
            break;
        }
        if (t->packet->stream_index == t->params->stream) {
            packets++;
            feed(t, t->packet);
        }
        av_packet_unref(t->packet);
    }
}

/* Decodes frames at a third and at two thirds. The start of a file is often black or still, and
 * the middle is more typical. If the file cannot seek, the start must be enough. */
static void check_middle(struct checker *t)
{
    const struct decode_check_params *p = t->params;
    for (int part = 1; part <= 2 && t->out->frames > 0; part++) {
        int64_t at_us = p->start_us + (p->end_us - p->start_us) * part / 3;
        int64_t at =
            av_rescale_q(at_us, AV_TIME_BASE_Q, t->input->format->streams[p->stream]->time_base);
        if (avformat_seek_file(t->input->format, p->stream, INT64_MIN, at, at, 0) < 0)
            return;
        avcodec_flush_buffers(t->decoder);
        check_here(t);
    }
}

/* Whether the stream is interlaced. The interlaced flag is often wrong in both directions, and
 * fine text on screens can look like combing. So both the flag and the detector count. */
static bool is_interlaced(const struct checker *t)
{
    int combed = t->detector.combed, progressive = t->detector.progressive;
    int frames = t->out->frames, height = t->out->height;
    if (t->flagged * 2 > frames)
        return combed * 4 > progressive || (combed + progressive) * 8 < frames;
    bool video_lines = height == 480 || height == 486 || height == 576 || height == 1080;
    return video_lines && combed > 4 * progressive && combed * 3 > frames;
}

int decode_check_run(int fd, const struct decode_check_params *params, struct decode_check *out,
    struct failure *failure)
{
    struct checker t = {.params = params, .out = out};
    *out = (struct decode_check){0};
    if (input_open(&t.input, fd, failure) < 0)
        return -1;
    int result = params->stream < (int)t.input->format->nb_streams
                     ? input_open_decoder(t.input, params->stream, &t.decoder, failure)
                     : failure_set(failure, REASON_DAMAGED, "stream %d", params->stream);
    t.packet = av_packet_alloc();
    t.frame = av_frame_alloc();
    if (!t.packet || !t.frame) {
        result = failure_set(failure, REASON_OUT_OF_MEMORY, "trial");
    } else if (result == 0) {
        check_here(&t);
        if (params->end_us > params->start_us)
            check_middle(&t);
        detect(&t.detector, NULL);
        out->interlaced = is_interlaced(&t);
        if (t.out_of_memory && out->frames == 0)
            result = failure_set(failure, REASON_OUT_OF_MEMORY, "trial");
    }
    avfilter_graph_free(&t.detector.graph);
    avcodec_free_context(&t.decoder);
    av_packet_free(&t.packet);
    av_frame_free(&t.frame);
    input_close(&t.input);
    return result;
}
