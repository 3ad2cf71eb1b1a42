/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/video/source.h"

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <string.h>

#include "transcoder/demux/input.h"

#define US 1000000LL

struct source {
    const struct media_info *info;
    struct input *input;
    AVCodecContext *decoder;
    AVPacket *packet;
    bool input_ended;
    bool wants_keyframe; /* just after seeking: packets before a keyframe cannot be decoded */
    bool has_packet;     /* a first packet was read since reading began */
    bool lacks_pts;      /* that packet has only a decoding time, as in AVI */
    int64_t packet_us;   /* its decoding time as lesson time; set if lacks_pts */
    int64_t delay_us;    /* delay between decoding times and presentation times */

    /* The filter graph for deinterlacing and turning. It does not exist if neither is needed. */
    char filters[64];
    AVFilterGraph *graph;
    AVFilterContext *graph_in, *graph_out;
    int graph_width, graph_height, graph_format;
    bool graph_ended;

    AVFrame *decoded; /* decoded, not yet filtered */
    AVFrame *shown;   /* the frame that is shown in the current slot, if any */
    AVFrame *next;    /* the frame after it, if any */
    int64_t next_us;
    int64_t last_us; /* time of the latest decoded frame */
    bool has_last, ended, from_beginning;
};

static int64_t slot_us(const struct media_info *info, int64_t n)
{
    return info->video_start_us + av_rescale(n, US * info->fps_den, info->fps_num);
}

static int64_t slot_length_us(const struct media_info *info)
{
    return US * info->fps_den / info->fps_num;
}

/* ---- decoding ---- */

static int64_t frame_time_us(struct source *source, const AVFrame *frame)
{
    const AVStream *stream = source->input->format->streams[source->info->video_stream];
    int64_t time_us;
    if (frame->best_effort_timestamp != AV_NOPTS_VALUE)
        time_us = av_rescale_q(frame->best_effort_timestamp, stream->time_base, AV_TIME_BASE_Q) -
                  source->info->zero_us - source->delay_us;
    else
        time_us = source->has_last ? source->last_us + slot_length_us(source->info)
                                   : source->info->video_start_us;
    /* Times never decrease. A frame with an earlier time is shown as soon as possible. */
    if (source->has_last && time_us <= source->last_us)
        time_us = source->last_us + 1;
    source->last_us = time_us;
    source->has_last = true;
    return time_us;
}

static void note_first_packet(struct source *source)
{
    const AVPacket *packet = source->packet;
    if (source->has_packet)
        return;
    source->has_packet = true;
    source->lacks_pts = packet->pts == AV_NOPTS_VALUE && packet->dts != AV_NOPTS_VALUE;
    if (source->lacks_pts)
        source->packet_us =
            av_rescale_q(packet->dts,
                source->input->format->streams[packet->stream_index]->time_base, AV_TIME_BASE_Q) -
            source->info->zero_us;
}

/* Reads the next packet of the video. Returns false at the end. */
static bool read_packet(struct source *source)
{
    while (input_read(source->input, source->packet) == 0) {
        bool ours = source->packet->stream_index == source->info->video_stream;
        bool key = source->packet->flags & AV_PKT_FLAG_KEY;
        if (ours && (key || !source->wants_keyframe)) {
            source->wants_keyframe = false;
            note_first_packet(source);
            return true;
        }
        av_packet_unref(source->packet);
    }
    return false;
}

/* Gives the decoder its next packet, or the end. Packets that can't be decoded are ignored, and
 * the last frame is shown for longer. */
static int feed_decoder(struct source *source)
{
    if (source->input_ended)
        return AVERROR_EOF;
    source->input_ended = !read_packet(source);
    int error = avcodec_send_packet(source->decoder, source->input_ended ? NULL : source->packet);
    av_packet_unref(source->packet);
    return error == AVERROR(ENOMEM) ? error : 0;
}

/* Decodes the next frame and sets its pts to its lesson time. Returns AVERROR_EOF at the end. */
static int decode(struct source *source, AVFrame *frame)
{
    for (;;) {
        int error = avcodec_receive_frame(source->decoder, frame);
        if (error == 0) {
            frame->pts = frame_time_us(source, frame);
            return 0;
        }
        if (error == AVERROR_EOF || error == AVERROR(ENOMEM))
            return error;
        error = feed_decoder(source);
        if (error < 0)
            return error;
    }
}

/* ---- filtering ---- */

/* Writes the filters that this source needs, in libavfilter's syntax; "" for none. */
static void describe_filters(const struct media_info *info, char *out, size_t out_bytes)
{
    static const char *const turns[4] = {"", "transpose=clock", "hflip,vflip", "transpose=cclock"};
    const char *turn = turns[info->rotation / 90];
    const char *deinterlace = info->interlaced ? "bwdif=mode=send_frame:deint=all" : "";
    snprintf(out, out_bytes, "%s%s%s", deinterlace, *deinterlace && *turn ? "," : "", turn);
}

static int build_graph(struct source *source, const AVFrame *frame)
{
    avfilter_graph_free(&source->graph);
    source->graph = avfilter_graph_alloc();
    if (!source->graph)
        return AVERROR(ENOMEM);
    source->graph->nb_threads = 1;
    char arguments[256];
    snprintf(arguments, sizeof(arguments),
        "video_size=%dx%d:pix_fmt=%d:time_base=1/1000000:pixel_aspect=1/1", frame->width,
        frame->height, frame->format);
    int error = avfilter_graph_create_filter(
        &source->graph_in, avfilter_get_by_name("buffer"), "in", arguments, NULL, source->graph);
    if (error >= 0)
        error = avfilter_graph_create_filter(&source->graph_out, avfilter_get_by_name("buffersink"),
            "out", NULL, NULL, source->graph);
    AVFilterInOut *outputs = avfilter_inout_alloc(), *inputs = avfilter_inout_alloc();
    if (error >= 0 && outputs && inputs) {
        *outputs = (AVFilterInOut){.name = av_strdup("in"), .filter_ctx = source->graph_in};
        *inputs = (AVFilterInOut){.name = av_strdup("out"), .filter_ctx = source->graph_out};
        error = avfilter_graph_parse_ptr(source->graph, source->filters, &inputs, &outputs, NULL);
    } else if (error >= 0) {
        error = AVERROR(ENOMEM);
    }
    avfilter_inout_free(&inputs);
    avfilter_inout_free(&outputs);
    if (error >= 0)
        error = avfilter_graph_config(source->graph, NULL);
    source->graph_width = frame->width;
    source->graph_height = frame->height;
    source->graph_format = frame->format;
    return error;
}

/* Decodes one frame into the graph, or tells the graph about the end. If the size or format of
 * the frames changes, the graph is built again. */
static int feed_graph(struct source *source)
{
    int error = decode(source, source->decoded);
    if (error == AVERROR_EOF) {
        source->graph_ended = true;
        return source->graph ? av_buffersrc_add_frame(source->graph_in, NULL) : AVERROR_EOF;
    }
    if (error < 0)
        return error;
    const AVFrame *frame = source->decoded;
    if (!source->graph || frame->width != source->graph_width ||
        frame->height != source->graph_height || frame->format != source->graph_format)
        error = build_graph(source, frame);
    if (error >= 0)
        error = av_buffersrc_add_frame(source->graph_in, source->decoded);
    av_frame_unref(source->decoded);
    return error;
}

/* Reads the next upright, progressive frame, with its lesson time in pts. */
static int read_frame(struct source *source, AVFrame *frame)
{
    if (source->filters[0] == '\0')
        return decode(source, frame);
    for (;;) {
        int error =
            source->graph ? av_buffersink_get_frame(source->graph_out, frame) : AVERROR(EAGAIN);
        if (error != AVERROR(EAGAIN))
            return error;
        if (source->graph_ended)
            return AVERROR_EOF;
        error = feed_graph(source);
        if (error < 0)
            return error;
    }
}

/* ---- seeking ---- */

static void close_reading(struct source *source)
{
    avfilter_graph_free(&source->graph);
    avcodec_free_context(&source->decoder);
    input_close(&source->input);
    av_frame_unref(source->shown);
    av_frame_unref(source->next);
    source->input_ended = source->graph_ended = source->wants_keyframe = false;
    source->has_last = source->ended = source->has_packet = source->lacks_pts = false;
}

static bool is_empty(const AVFrame *frame)
{
    return !frame->buf[0];
}

static int pull_next(struct source *source, struct failure *failure)
{
    int error = read_frame(source, source->next);
    if (error == AVERROR_EOF) {
        source->ended = true;
        return 0;
    }
    if (error < 0)
        return failure_from_av(failure, error, REASON_DAMAGED, "picture");
    source->next_us = source->next->pts;
    return 0;
}

/* Opens the input again, seeks to a keyframe at or before at_us (negative: no seek), and reads
 * the first frame. Returns 0; 1: the file cannot seek there; -1 with failure set. */
static int start_at(struct source *source, int fd, int64_t at_us, struct failure *failure)
{
    close_reading(source);
    if (input_open(&source->input, fd, failure) < 0)
        return -1;
    int stream_index = source->info->video_stream;
    AVFormatContext *format = source->input->format;
    if (stream_index >= (int)format->nb_streams)
        return failure_set(failure, REASON_DAMAGED, "stream %d", stream_index);
    for (int i = 0; i < (int)format->nb_streams; i++)
        if (i != stream_index)
            format->streams[i]->discard = AVDISCARD_ALL;
    if (input_open_decoder(source->input, stream_index, &source->decoder, failure) < 0)
        return -1;
    if (at_us >= 0) {
        AVRational time_base = format->streams[stream_index]->time_base;
        int64_t target = av_rescale_q(at_us + source->info->zero_us, AV_TIME_BASE_Q, time_base);
        if (avformat_seek_file(format, stream_index, INT64_MIN, target, target, 0) < 0)
            return 1;
        source->wants_keyframe = true;
    }
    return pull_next(source, failure);
}

/*
 * Measures the delay of the decoder. If packets have only decoding times, FFmpeg gives a frame the
 * time of the packet with which the frame leaves the decoder. This is late by the number of frames
 * that the decoder holds back. The start of the file shows the delay, because there the first frame
 * belongs to the first packet.
 */
static int measure_delay(struct source *source, int fd, struct failure *failure)
{
    if (start_at(source, fd, -1, failure) < 0)
        return -1;
    if (source->lacks_pts && !is_empty(source->next) && source->next_us > source->packet_us &&
        source->next_us < source->packet_us + US)
        source->delay_us = source->next_us - source->packet_us;
    return 0;
}

/* Seeks to a keyframe before wanted_us, with longer and longer pre-rolls. In most files the
 * first one finds a keyframe. Files with few keyframes, open GOPs or a wrong index need more.
 * Decoding from the start always works. The choice depends only on the file and
 * wanted_us. */
static int seek_before(struct source *source, int fd, int64_t wanted_us, struct failure *failure)
{
    static const int64_t prerolls_us[] = {1 * US, 10 * US, 60 * US};
    for (size_t i = 0; i < sizeof(prerolls_us) / sizeof(prerolls_us[0]); i++) {
        int64_t at_us = wanted_us - prerolls_us[i];
        if (at_us <= source->info->video_start_us)
            break;
        int result = start_at(source, fd, at_us, failure);
        if (result < 0)
            return -1;
        if (result == 0 && !is_empty(source->next) && source->next_us <= wanted_us - US / 2)
            return 0;
    }
    source->from_beginning = true;
    return start_at(source, fd, -1, failure);
}

bool source_from_beginning(const struct source *source)
{
    return source->from_beginning;
}

int source_open(struct source **out, int fd, const struct media_info *info, int64_t first_frame,
    struct failure *failure)
{
    *out = NULL;
    struct source *source = av_mallocz(sizeof(*source));
    if (!source)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "source");
    source->info = info;
    describe_filters(info, source->filters, sizeof(source->filters));
    source->packet = av_packet_alloc();
    source->decoded = av_frame_alloc();
    source->shown = av_frame_alloc();
    source->next = av_frame_alloc();
    if (!source->packet || !source->decoded || !source->shown || !source->next) {
        failure_set(failure, REASON_OUT_OF_MEMORY, "source");
        goto fail;
    }
    /* AVI often gives only decoding times. (So does Matroska for V_MS/VFW/FOURCC; the delay of such
     * tracks is not measured.) */
    if (strcmp(info->container, "avi") == 0 && measure_delay(source, fd, failure) < 0)
        goto fail;
    if (seek_before(source, fd, slot_us(info, first_frame), failure) < 0)
        goto fail;
    *out = source;
    return 0;
fail:
    source_close(&source);
    return -1;
}

void source_close(struct source **source)
{
    if (!*source)
        return;
    struct source *s = *source;
    if (s->shown)
        close_reading(s);
    av_packet_free(&s->packet);
    av_frame_free(&s->decoded);
    av_frame_free(&s->shown);
    av_frame_free(&s->next);
    av_freep(source);
}

/* The default for untagged video is BT.709 in HD and BT.601 below. */
void source_colours(const struct source *source, struct source_colours *out)
{
    const AVCodecParameters *stated =
        source->input->format->streams[source->info->video_stream]->codecpar;
    bool hd = source->info->coded_height >= 720;
    switch (stated->color_space) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_BT2020_NCL:
        out->matrix = stated->color_space;
        break;
    default:
        out->matrix = hd ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    }
    out->primaries = stated->color_primaries;
    if (out->primaries == AVCOL_PRI_UNSPECIFIED || out->primaries == AVCOL_PRI_RESERVED0)
        out->primaries = hd ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
    out->transfer = stated->color_trc;
    if (out->transfer == AVCOL_TRC_UNSPECIFIED || out->transfer == AVCOL_TRC_RESERVED0)
        out->transfer = hd ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
}

int source_frame(struct source *source, int64_t n, const AVFrame **out, struct failure *failure)
{
    /* Frames up to 0.3 slots late still count for this slot, so that rounded timestamps
     * (Matroska has milliseconds) do not cause stutter. The tolerance must stay below half a
     * slot, because there lies every second frame of a source with twice the rate. */
    int64_t until_us = slot_us(source->info, n) + slot_length_us(source->info) * 3 / 10;
    while (!source->ended &&
           (is_empty(source->next) || source->next_us <= until_us || is_empty(source->shown))) {
        if (!is_empty(source->next)) {
            av_frame_unref(source->shown);
            av_frame_move_ref(source->shown, source->next);
        }
        if (pull_next(source, failure) < 0) {
            /* If the middle of the file is damaged, the last frame is shown until the end. */
            if (is_empty(source->shown))
                return -1;
            source->ended = true;
        }
    }
    if (is_empty(source->shown))
        return failure_set(failure, REASON_DAMAGED, "no picture can be decoded");
    *out = source->shown;
    return 0;
}
