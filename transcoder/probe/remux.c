/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/probe/remux.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "transcoder/demux/timestamps.h"
#include "transcoder/subtitles/mov_text.h"
#include "transcoder/worker/output.h"
#include "transcoder/worker/write_all.h"

#define IO_BUFFER_BYTES (256 * 1024)
#define MAX_PACKETS (12LL * 3600 * 120)

/* The display order of the packets of an untimed stream: the position of each packet's frame
 * among the frames that leave the decoder. */
struct order {
    int64_t *rank; /* by packet number; -1: the packet gives no frame */
    int64_t count, room;
    int64_t delay; /* the most positions by which a frame is shown before its packet's turn */
};

static int order_append(struct order *order)
{
    if (order->count == order->room) {
        int64_t room = order->room ? order->room * 2 : 4096;
        int64_t *rank =
            room > MAX_PACKETS * 2 ? NULL : realloc(order->rank, (size_t)room * sizeof(*rank));
        if (!rank)
            return AVERROR(ENOMEM);
        order->rank = rank;
        order->room = room;
    }
    order->rank[order->count++] = -1;
    return 0;
}

/* Notes the positions of the frames that are ready. Packets that can't be decoded have no
 * position. */
static int note_frames(struct order *order, AVCodecContext *decoder, AVFrame *frame, int64_t *shown)
{
    int error;
    while ((error = avcodec_receive_frame(decoder, frame)) >= 0) {
        int64_t packet = frame->reordered_opaque;
        if (packet >= 0 && packet < order->count && order->rank[packet] < 0) {
            order->rank[packet] = (*shown)++;
            if (packet - order->rank[packet] > order->delay)
                order->delay = packet - order->rank[packet];
        }
        av_frame_unref(frame);
    }
    return error == AVERROR(ENOMEM) ? error : 0;
}

static int decode_packet(struct order *order, AVCodecContext *decoder, const AVPacket *packet,
    AVFrame *frame, int64_t *shown)
{
    decoder->reordered_opaque = order->count;
    int error = order_append(order);
    if (error >= 0)
        error = avcodec_send_packet(decoder, packet);
    return error == AVERROR(ENOMEM) ? error : note_frames(order, decoder, frame, shown);
}

static int decode_order(const struct work *work, struct input *input, int stream,
    AVCodecContext *decoder, struct order *order, struct failure *failure)
{
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    int64_t shown = 0;
    int error = packet && frame ? 0 : AVERROR(ENOMEM), result = 0;
    while (error >= 0 && result == 0 && input_read(input, packet) == 0) {
        if (packet->stream_index == stream)
            error = decode_packet(order, decoder, packet, frame, &shown);
        av_packet_unref(packet);
        result = report_progress(
            work->report, (int)(input->at_bytes * 800 / input->size_bytes), failure);
    }
    if (error >= 0 && avcodec_send_packet(decoder, NULL) >= 0)
        error = note_frames(order, decoder, frame, &shown);
    av_packet_free(&packet);
    av_frame_free(&frame);
    return error < 0 ? failure_from_av(failure, error, REASON_DAMAGED, "picture order") : result;
}

static int find_order(
    const struct work *work, int stream, struct order *order, struct failure *failure)
{
    struct input *input;
    AVCodecContext *decoder = NULL;
    if (input_open(&input, work->source_fd, failure) < 0)
        return -1;
    int result = input_open_decoder(input, stream, &decoder, failure);
    if (result == 0)
        result = decode_order(work, input, stream, decoder, order, failure);
    avcodec_free_context(&decoder);
    input_close(&input);
    return result;
}

/* ---- writing ---- */

struct writer {
    int fd;
    struct timestamps clock;
    int64_t untimed_packets; /* packets of the untimed stream so far */
    AVIOContext *io;
    AVFormatContext *format;
    int out_index[INPUT_MAX_STREAMS]; /* by index in the source; -1: left out */
};

static int on_write(void *opaque, uint8_t *buffer, int bytes)
{
    const struct writer *w = opaque;
    return write_all(w->fd, buffer, (size_t)bytes) == 0 ? bytes : AVERROR(errno);
}

static int64_t on_seek(void *opaque, int64_t offset, int whence)
{
    const struct writer *w = opaque;
    if (whence == AVSEEK_SIZE)
        return AVERROR(ENOSYS);
    int64_t at = lseek(w->fd, offset, whence & ~AVSEEK_FORCE);
    return at < 0 ? AVERROR(errno) : at;
}

/* Chooses the container. Matroska supports nearly every codec; NUT supports the rest, such as
 * some speech codecs of FLV. */
static const char *choose_container(const struct input *input, const struct remux_params *params)
{
    const AVOutputFormat *matroska = av_guess_format("matroska", NULL, NULL);
    for (int i = 0; i < params->stream_count; i++) {
        enum AVCodecID codec = input->format->streams[params->streams[i]]->codecpar->codec_id;
        /* This codec is copied as plain text. */
        if (codec == AV_CODEC_ID_MOV_TEXT)
            continue;
        if (!matroska || avformat_query_codec(matroska, codec, FF_COMPLIANCE_NORMAL) != 1)
            return "nut";
    }
    return "matroska";
}

static int add_stream(
    struct writer *w, const struct input *input, const struct remux_params *params, int from_index)
{
    const AVStream *from = input->format->streams[from_index];
    AVStream *to = avformat_new_stream(w->format, NULL);
    if (!to)
        return AVERROR(ENOMEM);
    int error = avcodec_parameters_copy(to->codecpar, from->codecpar);
    if (error < 0)
        return error;
    to->codecpar->codec_tag = 0;
    /* Only MP4 supports this codec. Its text is copied as SubRip, without the styles. */
    if (to->codecpar->codec_id == AV_CODEC_ID_MOV_TEXT) {
        to->codecpar->codec_id = AV_CODEC_ID_SUBRIP;
        av_freep(&to->codecpar->extradata);
        to->codecpar->extradata_size = 0;
    }
    to->time_base = (AVRational){1, 1000};
    to->avg_frame_rate = from_index == params->untimed_stream ? params->fps : from->avg_frame_rate;
    to->sample_aspect_ratio = from->sample_aspect_ratio;
    to->disposition = from->disposition;
    av_dict_copy(&to->metadata, from->metadata, 0);
    w->out_index[from_index] = to->index;
    return 0;
}

static int open_writer(
    struct writer *w, const struct input *input, const struct remux_params *params)
{
    int error =
        avformat_alloc_output_context2(&w->format, NULL, choose_container(input, params), NULL);
    if (error < 0)
        return error;
    uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
    if (buffer)
        w->io = avio_alloc_context(buffer, IO_BUFFER_BYTES, 1, w, NULL, on_write, on_seek);
    if (!w->io) {
        av_free(buffer);
        return AVERROR(ENOMEM);
    }
    w->format->pb = w->io;
    w->format->flags |= AVFMT_FLAG_BITEXACT | AVFMT_FLAG_CUSTOM_IO;
    timestamps_init(&w->clock);
    for (int i = 0; i < INPUT_MAX_STREAMS; i++)
        w->out_index[i] = -1;
    for (int i = 0; i < params->stream_count && error >= 0; i++)
        error = add_stream(w, input, params, params->streams[i]);
    av_dict_copy(&w->format->metadata, input->format->metadata, 0);
    return error < 0 ? error : avformat_write_header(w->format, NULL);
}

static void close_writer(struct writer *w)
{
    avformat_free_context(w->format);
    if (w->io) {
        av_freep(&w->io->buffer);
        avio_context_free(&w->io);
    }
}

/* Gives a packet of the untimed stream its times. Returns false if the packet gives no frame. */
static bool time_packet(struct writer *w, const struct order *order, AVPacket *packet)
{
    int64_t n = w->untimed_packets++;
    if (n >= order->count || order->rank[n] < 0) /* NOLINT: count is 0 without ranks */
        return false;
    packet->dts = n;
    packet->pts = order->rank[n] + order->delay;
    packet->duration = 1;
    return true;
}

/*
 * Removes a new decoder configuration from a packet. Joined FLV files repeat the configuration in
 * the middle. The Matroska muxer of libavformat 5.1 writes such an AAC configuration over the
 * description of the track, which breaks all later tracks. If the header has a configuration
 * already, another one is of no use anyway.
 */
static void drop_configuration(AVPacket *packet)
{
    for (int i = 0; i < packet->side_data_elems; i++) {
        AVPacketSideData *data = &packet->side_data[i];
        if (data->type != AV_PKT_DATA_NEW_EXTRADATA)
            continue;
        av_freep(&data->data);
        *data = packet->side_data[--packet->side_data_elems];
        i--;
    }
}

static int copy_packet(struct writer *w, const struct input *input,
    const struct remux_params *params, const struct order *order, AVPacket *packet)
{
    int from = packet->stream_index;
    int to = from < INPUT_MAX_STREAMS ? w->out_index[from] : -1;
    if (to < 0)
        return 0;
    AVRational time_base = input->format->streams[from]->time_base;
    if (from == params->untimed_stream) {
        time_base = av_inv_q(params->fps);
        if (!time_packet(w, order, packet))
            return 0;
    } else {
        int64_t shift = av_rescale_q(
            timestamps_shift_us(&w->clock, input->format, packet), AV_TIME_BASE_Q, time_base);
        if (packet->pts == AV_NOPTS_VALUE)
            packet->pts = packet->dts;
        if (packet->pts != AV_NOPTS_VALUE)
            packet->pts += shift;
        if (packet->dts != AV_NOPTS_VALUE)
            packet->dts += shift;
    }
    const AVCodecParameters *codec = input->format->streams[from]->codecpar;
    if (codec->extradata_size > 0)
        drop_configuration(packet);
    if (codec->codec_id == AV_CODEC_ID_MOV_TEXT) {
        size_t bytes;
        packet->data = (uint8_t *)(uintptr_t)mov_text_find(packet, &bytes);
        packet->size = (int)bytes;
        if (bytes == 0)
            return 0;
    }
    av_packet_rescale_ts(packet, time_base, w->format->streams[to]->time_base);
    packet->stream_index = to;
    packet->pos = -1;
    int error = av_interleaved_write_frame(w->format, packet);
    /* A packet whose time goes back is left out, and the rest of the lesson is copied. */
    return error == AVERROR(EINVAL) ? 0 : error;
}

static int copy_packets(struct writer *w, struct input *input, const struct work *work,
    const struct remux_params *params, const struct order *order, struct failure *failure)
{
    AVPacket *packet = av_packet_alloc();
    int error = packet ? 0 : AVERROR(ENOMEM), result = 0;
    while (error >= 0 && result == 0 && input_read(input, packet) == 0) {
        error = copy_packet(w, input, params, order, packet);
        av_packet_unref(packet);
        result = report_progress(
            work->report, 800 + (int)(input->at_bytes * 200 / input->size_bytes), failure);
    }
    av_packet_free(&packet);
    if (result == 0 && error >= 0)
        error = av_write_trailer(w->format);
    return error < 0 ? failure_from_av(failure, error, REASON_DAMAGED, "copying streams") : result;
}

static int write_copy(const struct work *work, const struct remux_params *params,
    const struct order *order, int fd, struct failure *failure)
{
    struct input *input;
    struct writer w = {.fd = fd};
    if (input_open(&input, work->source_fd, failure) < 0)
        return -1;
    /* MPEG program streams give timestamps only to some frames; a copy needs all of them. */
    input->format->flags |= AVFMT_FLAG_GENPTS;
    int result = 0;
    int error = open_writer(&w, input, params);
    if (error < 0)
        result = failure_from_av(failure, error, REASON_DAMAGED, "copying streams");
    else
        result = copy_packets(&w, input, work, params, order, failure);
    if (result == 0) {
        avio_flush(w.io);
        if (w.io->error < 0)
            result = failure_from_av(failure, w.io->error, REASON_INTERNAL, "copying streams");
    }
    close_writer(&w);
    input_close(&input);
    return result;
}

int remux_run(const struct work *work, const struct remux_params *params, int *fd, int64_t *bytes,
    struct failure *failure)
{
    static const struct job_file file = {.kind = JOB_FILE_REMUXED};
    struct order order = {0};
    *fd = -1;
    int result = 0;
    if (params->untimed_stream >= 0)
        result = find_order(work, params->untimed_stream, &order, failure);
    if (result == 0)
        result = *fd = output_begin(work->report, &file, failure);
    if (*fd >= 0)
        result = write_copy(work, params, &order, *fd, failure);
    free(order.rank);
    if (result == 0)
        *bytes = lseek(*fd, 0, SEEK_END);
    if (result < 0 && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    return result;
}
