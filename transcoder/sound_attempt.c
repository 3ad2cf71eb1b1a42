/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/sound_attempt.h"

#include <stdlib.h>
#include <string.h>

#include "transcoder/loudness.h"
#include "transcoder/sound.h"

#define READ_SAMPLES 4800
/* Twelve hours at 48 kbit/s are 260 MB. */
#define MOST_BYTES (512 * 1024 * 1024)

struct attempt {
    const struct sound_feed *feed;
    int64_t end_sample;
    struct sound_packets *packets;
    struct sound_graph *graph;
    AVCodecContext *encoder, *decoder;
    struct meter *meter;
    AVFrame *read, *levelled, *heard;
    AVPacket *packet;
    int64_t next_pts;
};

void sound_packets_clear(struct sound_packets *packets)
{
    free(packets->bytes);
    free(packets->sizes);
    *packets = (struct sound_packets){0};
}

/* Room for one more packet. */
static int make_room(struct sound_packets *p, size_t bytes)
{
    if (p->byte_count + bytes > p->byte_room) {
        size_t room = (p->byte_count + bytes) * 2;
        uint8_t *grown = room <= MOST_BYTES ? realloc(p->bytes, room) : NULL;
        if (!grown)
            return -1;
        p->bytes = grown;
        p->byte_room = room;
    }
    if (p->count == p->room) {
        size_t room = p->room ? p->room * 2 : 1024;
        uint16_t *grown = realloc(p->sizes, room * sizeof(*grown));
        if (!grown)
            return -1;
        p->sizes = grown;
        p->room = room;
    }
    return 0;
}

static int keep(struct sound_packets *p, const AVPacket *packet, struct failure *failure)
{
    if (packet->size > UINT16_MAX || make_room(p, (size_t)packet->size) < 0)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "%d bytes of sound", packet->size);
    memcpy(p->bytes + p->byte_count, packet->data, (size_t)packet->size);
    p->byte_count += (size_t)packet->size;
    p->sizes[p->count++] = (uint16_t)packet->size;
    return 0;
}

/* What a player makes of the packet; NULL: what its decoder still holds. */
static int listen_to(struct attempt *a, const AVPacket *packet, struct failure *failure)
{
    int error = avcodec_send_packet(a->decoder, packet);
    while (error >= 0) {
        error = avcodec_receive_frame(a->decoder, a->heard);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return 0;
        if (error >= 0 && a->heard->format != AV_SAMPLE_FMT_FLTP)
            error = AVERROR_BUG;
        if (error >= 0 && meter_add(a->meter, a->heard, failure) < 0)
            return -1;
        av_frame_unref(a->heard);
    }
    return failure_from_av(failure, error, REASON_INTERNAL, "listening");
}

/* Before the first sample there is only priming, after the last padding. Without the former no edit
 * list is needed to line sound and picture up. */
static int take_packet(struct attempt *a, struct failure *failure)
{
    if (a->packet->pts < 0 || a->packet->pts >= a->end_sample)
        return 0;
    if (a->packet->pts != (int64_t)a->packets->count * a->encoder->frame_size)
        return failure_set(failure, REASON_INTERNAL, "a packet at %lld", (long long)a->packet->pts);
    return keep(a->packets, a->packet, failure) < 0 ? -1 : listen_to(a, a->packet, failure);
}

static int encode(struct attempt *a, const AVFrame *frame, struct failure *failure)
{
    int error = avcodec_send_frame(a->encoder, frame);
    while (error >= 0) {
        error = avcodec_receive_packet(a->encoder, a->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return 0;
        if (error >= 0) {
            int taken = take_packet(a, failure);
            av_packet_unref(a->packet);
            if (taken < 0)
                return -1;
        }
    }
    return failure_from_av(failure, error, REASON_INTERNAL, "encoding sound");
}

static int encode_levelled(struct attempt *a, struct failure *failure)
{
    int got;
    while ((got = sound_graph_pull(a->graph, a->levelled, failure)) > 0) {
        /* Mono has no planes to lay side by side. */
        a->levelled->format = a->encoder->sample_fmt;
        a->levelled->pts = a->next_pts;
        a->next_pts += a->levelled->nb_samples;
        int result = encode(a, a->levelled, failure);
        av_frame_unref(a->levelled);
        if (result < 0)
            return -1;
    }
    return got;
}

static int run(struct attempt *a, struct failure *failure)
{
    int more = 1;
    while (more > 0) {
        more = a->feed->read(a->feed->context, READ_SAMPLES, a->read, failure);
        if (more >= 0 && sound_graph_push(a->graph, more > 0 ? a->read : NULL, failure) < 0)
            more = -1;
        av_frame_unref(a->read);
        if (more >= 0 && encode_levelled(a, failure) < 0)
            more = -1;
    }
    return more < 0 || encode(a, NULL, failure) < 0 ? -1 : listen_to(a, NULL, failure);
}

static int open_attempt(struct attempt *a, const struct plan_rendition *r,
    const struct sound_settings *settings, struct failure *failure)
{
    a->read = av_frame_alloc();
    a->levelled = av_frame_alloc();
    a->heard = av_frame_alloc();
    a->packet = av_packet_alloc();
    if (!a->read || !a->levelled || !a->heard || !a->packet)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "sound");
    if (sound_encoder_open(&a->encoder, r, settings->bitrate_bps, failure) < 0 ||
        sound_encoder_open_decoder(&a->decoder, a->encoder, failure) < 0 ||
        meter_open(&a->meter, r->sample_rate, failure) < 0)
        return -1;
    struct loudness_params params = {
        .gain_db_x100 = settings->gain_db_x100,
        .limit_dbfs_x100 = settings->limit_dbfs_x100,
        .noise_reduction_db = r->noise_reduction_db,
        .noise_dbfs = r->noise_dbfs,
        .rate_hz = r->sample_rate,
        .lead_samples = sound_encoder_lead(a->encoder),
        .frame_samples = a->encoder->frame_size,
    };
    a->next_pts = -params.lead_samples;
    return loudness_open(&a->graph, &params, failure);
}

static void close_attempt(struct attempt *a)
{
    sound_graph_close(&a->graph);
    meter_close(&a->meter);
    avcodec_free_context(&a->decoder);
    av_packet_free(&a->packet);
    av_frame_free(&a->read);
    av_frame_free(&a->levelled);
    av_frame_free(&a->heard);
}

int sound_attempt(const struct plan_rendition *rendition, const struct sound_settings *settings,
    const struct sound_feed *feed, int64_t end_sample, struct sound_packets *packets,
    struct sound_outcome *outcome, AVCodecContext **encoder, struct failure *failure)
{
    struct attempt a = {.feed = feed, .end_sample = end_sample, .packets = packets};
    packets->byte_count = packets->count = 0;
    int result = open_attempt(&a, rendition, settings, failure);
    if (result == 0)
        result = run(&a, failure);
    if (result == 0)
        result = meter_read(a.meter, &outcome->heard, failure);
    if (result == 0 && packets->count == 0)
        result = failure_set(failure, REASON_DAMAGED, "%s: no sound", rendition->name);
    close_attempt(&a);
    if (result < 0) {
        avcodec_free_context(&a.encoder);
        *encoder = NULL;
        return -1;
    }
    outcome->payload_bps = av_rescale((int64_t)packets->byte_count * 8, rendition->sample_rate,
        (int64_t)packets->count * a.encoder->frame_size);
    *encoder = a.encoder;
    return 0;
}
