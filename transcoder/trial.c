/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/trial.h"

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <stdio.h>
#include <stdlib.h>

#include "transcoder/input.h"

/* Packets that may be fed before the first frame must have come. */
#define MOST_PACKETS 2000

/* FFmpeg's idet, which looks for combing. */
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

static int counted(const AVFrame *frame, const char *key)
{
    const AVDictionaryEntry *entry = av_dict_get(frame->metadata, key, NULL, 0);
    return entry ? (int)strtol(entry->value, NULL, 10) : 0;
}

/* Looks at a frame (NULL: the end); what can't be looked at counts as progressive. */
static void detect(struct comb_detector *d, AVFrame *frame)
{
    if (frame && !d->graph && open_detector(d, frame) < 0)
        avfilter_graph_free(&d->graph);
    AVFrame *looked_at = av_frame_alloc();
    if (d->graph && looked_at &&
        av_buffersrc_add_frame_flags(d->in, frame, AV_BUFFERSRC_FLAG_KEEP_REF) >= 0)
        while (av_buffersink_get_frame(d->out, looked_at) >= 0) {
            d->combed = counted(looked_at, "lavfi.idet.multiple.tff") +
                        counted(looked_at, "lavfi.idet.multiple.bff");
            d->progressive = counted(looked_at, "lavfi.idet.multiple.progressive");
            av_frame_unref(looked_at);
        }
    av_frame_free(&looked_at);
}

static void take_frame(
    struct trial *out, struct comb_detector *detector, int *flagged, AVFrame *frame)
{
    out->frames++;
    if (frame->width > 0) {
        if (out->frames == 1) {
            out->width = frame->width;
            out->height = frame->height;
            out->sar_num = frame->sample_aspect_ratio.num;
            out->sar_den = frame->sample_aspect_ratio.den;
        }
        *flagged += frame->interlaced_frame;
        detect(detector, frame);
    } else if (out->frames == 1) {
        out->sample_rate = frame->sample_rate;
        out->channels = frame->ch_layout.nb_channels;
    }
}

static void receive(AVCodecContext *decoder, int most, struct trial *out,
    struct comb_detector *detector, int *flagged, AVFrame *frame)
{
    while (out->frames < most && avcodec_receive_frame(decoder, frame) >= 0) {
        take_frame(out, detector, flagged, frame);
        av_frame_unref(frame);
    }
}

static void decode(
    struct input *input, AVCodecContext *decoder, int stream, int most, struct trial *out)
{
    struct comb_detector detector = {0};
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    int flagged = 0;
    for (int packets = 0; packet && frame && packets < MOST_PACKETS && out->frames < most;) {
        if (av_read_frame(input->format, packet) < 0) {
            if (avcodec_send_packet(decoder, NULL) >= 0)
                receive(decoder, most, out, &detector, &flagged, frame);
            break;
        }
        if (packet->stream_index == stream) {
            packets++;
            if (avcodec_send_packet(decoder, packet) >= 0)
                receive(decoder, most, out, &detector, &flagged, frame);
        }
        av_packet_unref(packet);
    }
    detect(&detector, NULL);
    /* Flags lie often, in both directions; combing alone is mistaken for by fine screen texts. Both
     * together are sure. */
    out->interlaced = flagged * 2 > out->frames && detector.combed > detector.progressive;
    avfilter_graph_free(&detector.graph);
    av_packet_free(&packet);
    av_frame_free(&frame);
}

int trial_run(int fd, int stream, int most, struct trial *out, struct failure *failure)
{
    struct input *input;
    AVCodecContext *decoder;
    *out = (struct trial){0};
    if (input_open(&input, fd, failure) < 0)
        return -1;
    int result = stream < (int)input->format->nb_streams
                     ? input_open_decoder(input, stream, &decoder, failure)
                     : failure_set(failure, REASON_DAMAGED, "stream %d", stream);
    if (result == 0) {
        decode(input, decoder, stream, most, out);
        avcodec_free_context(&decoder);
    }
    input_close(&input);
    return result;
}
