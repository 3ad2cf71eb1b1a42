/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/test_encode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/audio/level.h"
#include "transcoder/audio/source_pcm.h"

#define READ_SAMPLES 4800
/* The resolution with which loud spots are located. */
#define METER_SAMPLES 256
/* More spots than this are not noted; such audio is made quieter as a whole. */
#define MAX_LOUD_SPOTS 100000
/* Limit of the packets in memory. Twelve hours at 48 kbit/s are 260 MB. */
#define MAX_BYTES (512 * 1024 * 1024)

struct test_encode {
    const struct test_encode_params *params;
    struct audio_packets *packets;
    struct loudness *loudness;
    AVCodecContext *encoder, *decoder;
    struct meter *meter;
    AVFrame *levelled, *decoded;
    AVPacket *packet;
    int64_t next_pts;
    int64_t decoded_samples;
    struct test_encode_result *result;
    float read[READ_SAMPLES];
};

void test_encode_result_clear(struct test_encode_result *result)
{
    free(result->loud);
    *result = (struct test_encode_result){0};
}

void audio_packets_clear(struct audio_packets *packets)
{
    free(packets->bytes);
    free(packets->sizes);
    *packets = (struct audio_packets){0};
}

/* Makes room for one more packet. */
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

static int keep_packet(struct audio_packets *p, const AVPacket *packet, struct failure *failure)
{
    if (packet->size > UINT16_MAX || make_room(p, (size_t)packet->size) < 0)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "%d bytes of sound", packet->size);
    memcpy(p->bytes + p->byte_count, packet->data, (size_t)packet->size);
    p->byte_count += (size_t)packet->size;
    p->sizes[p->count++] = (uint16_t)packet->size;
    return 0;
}

static int note_loud_spot(struct test_encode *a, int count, float peak, struct failure *failure)
{
    struct test_encode_result *o = a->result;
    int64_t rate = a->encoder->sample_rate;
    int peak_x100 = (int)lround(2000 * log10((double)peak));
    if (peak_x100 <= TEST_ENCODE_LOUD_DBTP_X100 || o->loud_count == MAX_LOUD_SPOTS)
        return 0;
    if ((o->loud_count & (o->loud_count - 1)) == 0) {
        size_t room = o->loud_count ? o->loud_count * 2 : 1;
        struct loud_spot *grown = realloc(o->loud, room * sizeof(*grown));
        if (!grown)
            return failure_set(failure, REASON_OUT_OF_MEMORY, "peaks");
        o->loud = grown;
    }
    o->loud[o->loud_count++] =
        (struct loud_spot){av_rescale(a->decoded_samples - METER_SAMPLES / 4, AUDIO_RATE_HZ, rate),
            av_rescale(a->decoded_samples + count, AUDIO_RATE_HZ, rate), peak_x100};
    return 0;
}

static int measure_frame(struct test_encode *a, struct failure *failure)
{
    const float *samples = (const float *)a->decoded->extended_data[0];
    int result = 0;
    for (int used = 0, block; result == 0 && used < a->decoded->nb_samples; used += block) {
        int left = a->decoded->nb_samples - used;
        block = left < METER_SAMPLES ? left : METER_SAMPLES;
        meter_add(a->meter, samples + used, block);
        float peak = meter_take_peak(a->meter);
        if (peak > METER_SURE_PEAK)
            result = note_loud_spot(a, block, peak, failure);
        a->decoded_samples += block;
    }
    return result;
}

/* Decodes the packet as a player does, and measures the output. NULL: the rest that the decoder
 * holds. */
static int measure_packet(struct test_encode *a, const AVPacket *packet, struct failure *failure)
{
    int error = avcodec_send_packet(a->decoder, packet);
    while (error >= 0) {
        error = avcodec_receive_frame(a->decoder, a->decoded);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return 0;
        if (error >= 0 && a->decoded->format != AV_SAMPLE_FMT_FLTP)
            error = AVERROR_BUG;
        if (error >= 0 && measure_frame(a, failure) < 0)
            return -1;
        av_frame_unref(a->decoded);
    }
    return failure_from_av(failure, error, REASON_INTERNAL, "listening");
}

/* Keeps and measures a packet. Packets before the first sample hold only priming, and packets after
 * the last only padding; they are left out. Without priming no edit list is needed to align audio
 * and video. */
static int take_packet(struct test_encode *a, struct failure *failure)
{
    if (a->packet->pts < 0 || a->packet->pts >= a->params->end_sample)
        return 0;
    if (a->packet->pts != (int64_t)a->packets->count * a->encoder->frame_size)
        return failure_set(failure, REASON_INTERNAL, "a packet at %lld", (long long)a->packet->pts);
    return keep_packet(a->packets, a->packet, failure) < 0 ? -1
                                                           : measure_packet(a, a->packet, failure);
}

static int encode_frame(struct test_encode *a, const AVFrame *frame, struct failure *failure)
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

static int encode_levelled(struct test_encode *a, struct failure *failure)
{
    int got;
    while ((got = loudness_pull(a->loudness, a->levelled, failure)) > 0) {
        /* In mono, planar and interleaved formats are the same. */
        a->levelled->format = a->encoder->sample_fmt;
        a->levelled->pts = a->next_pts;
        a->next_pts += a->levelled->nb_samples;
        int result = encode_frame(a, a->levelled, failure);
        av_frame_unref(a->levelled);
        if (result < 0)
            return -1;
    }
    return got;
}

static int run_stages(struct test_encode *a, struct failure *failure)
{
    int count = 1;
    while (count > 0) {
        count = a->params->feed.read(a->params->feed.context, a->read, READ_SAMPLES, failure);
        if (count >= 0 &&
            loudness_push(a->loudness, count > 0 ? a->read : NULL, count, failure) < 0)
            count = -1;
        if (count >= 0 && encode_levelled(a, failure) < 0)
            count = -1;
    }
    return count < 0 || encode_frame(a, NULL, failure) < 0 ? -1 : measure_packet(a, NULL, failure);
}

static int open_stages(struct test_encode *a, struct failure *failure)
{
    const struct rendition *r = a->params->rendition;
    const struct test_encode_settings *settings = a->params->settings;
    a->levelled = av_frame_alloc();
    a->decoded = av_frame_alloc();
    a->packet = av_packet_alloc();
    if (!a->levelled || !a->decoded || !a->packet)
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

static void close_stages(struct test_encode *a)
{
    loudness_close(&a->loudness);
    meter_close(&a->meter);
    avcodec_free_context(&a->decoder);
    av_packet_free(&a->packet);
    av_frame_free(&a->levelled);
    av_frame_free(&a->decoded);
}

int test_encode_run(const struct test_encode_params *params, struct audio_packets *packets,
    struct test_encode_result *result, AVCodecContext **encoder, struct failure *failure)
{
    struct test_encode a = {.params = params, .packets = packets, .result = result};
    packets->byte_count = packets->count = 0;
    *result = (struct test_encode_result){0};
    int error = open_stages(&a, failure);
    if (error == 0)
        error = run_stages(&a, failure);
    if (error == 0)
        result->decoded = meter_read(a.meter);
    if (error == 0 && packets->count == 0)
        error = failure_set(failure, REASON_DAMAGED, "%s: no sound", params->rendition->name);
    close_stages(&a);
    if (error < 0) {
        avcodec_free_context(&a.encoder);
        *encoder = NULL;
        return -1;
    }
    result->payload_bps = av_rescale((int64_t)packets->byte_count * 8,
        params->rendition->sample_rate, (int64_t)packets->count * a.encoder->frame_size);
    *encoder = a.encoder;
    return 0;
}
