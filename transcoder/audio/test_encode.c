/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/test_encode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/audio/level.h"
#include "transcoder/audio/source_pcm.h"

#define READ_SAMPLES 4800
/* So finely hot places are told apart. */
#define LISTEN_SAMPLES 256
/* Nothing is served that has more of them; what has is lowered as a whole. */
#define MAX_HOT 100000
/* Twelve hours at 48 kbit/s are 260 MB. */
#define MAX_BYTES (512 * 1024 * 1024)

struct attempt {
    const struct test_encode_feed *feed;
    int64_t end_sample;
    struct audio_packets *packets;
    struct loudness *loudness;
    AVCodecContext *encoder, *decoder;
    struct meter *meter;
    AVFrame *levelled, *heard;
    AVPacket *packet;
    int64_t next_pts;
    int64_t heard_samples;
    struct test_encode_result *outcome;
    float read[READ_SAMPLES];
};

void test_encode_result_clear(struct test_encode_result *outcome)
{
    free(outcome->hot);
    *outcome = (struct test_encode_result){0};
}

void audio_packets_clear(struct audio_packets *packets)
{
    free(packets->bytes);
    free(packets->sizes);
    *packets = (struct audio_packets){0};
}

/* Room for one more packet. */
static int make_room(struct audio_packets *p, size_t bytes)
{
    if (p->byte_count + bytes > p->byte_room) {
        size_t room = (p->byte_count + bytes) * 2;
        uint8_t *grown = room <= MAX_BYTES ? realloc(p->bytes, room) : NULL;
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

static int keep(struct audio_packets *p, const AVPacket *packet, struct failure *failure)
{
    if (packet->size > UINT16_MAX || make_room(p, (size_t)packet->size) < 0)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "%d bytes of sound", packet->size);
    memcpy(p->bytes + p->byte_count, packet->data, (size_t)packet->size);
    p->byte_count += (size_t)packet->size;
    p->sizes[p->count++] = (uint16_t)packet->size;
    return 0;
}

static int note_hot(struct attempt *a, int count, float peak, struct failure *failure)
{
    struct test_encode_result *o = a->outcome;
    int64_t rate = a->encoder->sample_rate;
    int peak_x100 = (int)lround(2000 * log10(peak));
    if (peak_x100 <= TEST_ENCODE_LOUD_DBTP_X100 || o->hot_count == MAX_HOT)
        return 0;
    if ((o->hot_count & (o->hot_count - 1)) == 0) {
        size_t room = o->hot_count ? o->hot_count * 2 : 1;
        struct loud_spot *grown = realloc(o->hot, room * sizeof(*grown));
        if (!grown)
            return failure_set(failure, REASON_OUT_OF_MEMORY, "peaks");
        o->hot = grown;
    }
    o->hot[o->hot_count++] =
        (struct loud_spot){av_rescale(a->heard_samples - LISTEN_SAMPLES / 4, AUDIO_RATE_HZ, rate),
            av_rescale(a->heard_samples + count, AUDIO_RATE_HZ, rate), peak_x100};
    return 0;
}

static int measure(struct attempt *a, struct failure *failure)
{
    const float *samples = (const float *)a->heard->extended_data[0];
    int result = 0;
    for (int used = 0, block; result == 0 && used < a->heard->nb_samples; used += block) {
        int left = a->heard->nb_samples - used;
        block = left < LISTEN_SAMPLES ? left : LISTEN_SAMPLES;
        meter_add(a->meter, samples + used, block);
        float peak = meter_take_peak(a->meter);
        if (peak > METER_SURE_PEAK)
            result = note_hot(a, block, peak, failure);
        a->heard_samples += block;
    }
    return result;
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
        if (error >= 0 && measure(a, failure) < 0)
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
    while ((got = loudness_pull(a->loudness, a->levelled, failure)) > 0) {
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
    int count = 1;
    while (count > 0) {
        count = a->feed->read(a->feed->context, a->read, READ_SAMPLES, failure);
        if (count >= 0 &&
            loudness_push(a->loudness, count > 0 ? a->read : NULL, count, failure) < 0)
            count = -1;
        if (count >= 0 && encode_levelled(a, failure) < 0)
            count = -1;
    }
    return count < 0 || encode(a, NULL, failure) < 0 ? -1 : listen_to(a, NULL, failure);
}

static int open_attempt(struct attempt *a, const struct rendition *r,
    const struct test_encode_settings *settings, struct failure *failure)
{
    a->levelled = av_frame_alloc();
    a->heard = av_frame_alloc();
    a->packet = av_packet_alloc();
    if (!a->levelled || !a->heard || !a->packet)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "sound");
    if (audio_encoder_open(&a->encoder, r, settings->bitrate_bps, failure) < 0 ||
        audio_encoder_open_decoder(&a->decoder, a->encoder, failure) < 0 ||
        meter_open(&a->meter, r->sample_rate, failure) < 0)
        return -1;
    struct loudness_params params = {
        .level = settings->level,
        .rate_hz = r->sample_rate,
        .lead_samples = audio_encoder_lead(a->encoder),
        .frame_samples = a->encoder->frame_size,
    };
    a->next_pts = -params.lead_samples;
    return loudness_open(&a->loudness, &params, failure);
}

static void close_attempt(struct attempt *a)
{
    loudness_close(&a->loudness);
    meter_close(&a->meter);
    avcodec_free_context(&a->decoder);
    av_packet_free(&a->packet);
    av_frame_free(&a->levelled);
    av_frame_free(&a->heard);
}

int test_encode_run(const struct rendition *rendition, const struct test_encode_settings *settings,
    const struct test_encode_feed *feed, int64_t end_sample, struct audio_packets *packets,
    struct test_encode_result *outcome, AVCodecContext **encoder, struct failure *failure)
{
    struct attempt a = {
        .feed = feed, .end_sample = end_sample, .packets = packets, .outcome = outcome};
    packets->byte_count = packets->count = 0;
    *outcome = (struct test_encode_result){0};
    int result = open_attempt(&a, rendition, settings, failure);
    if (result == 0)
        result = run(&a, failure);
    if (result == 0)
        outcome->heard = meter_read(a.meter);
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
