/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/rung.h"

#include <math.h>

#include "transcoder/decode_times.h"
#include "transcoder/frame_queue.h"
#include "transcoder/h264.h"
#include "transcoder/scaler.h"

/* Encodes of one segment; the first at the planned quality. */
#define MOST_TRIES 4
#define COARSEST_CRF_X10 510
/* Below this share of the cap a second try was too coarse. */
#define WELL_FILLED 0.85
/* Container: a fragment's boxes, and what a picture costs in them; measured on libavformat's. */
#define FRAGMENT_BYTES 110
#define FRAGMENT_S 2.0
#define PICTURE_BYTES 16

/* An encoded segment. */
struct encoded {
    int crf_x10;
    int64_t bytes; /* on the wire */
    AVPacket **packets;
    size_t count, room;
};

struct segment {
    int64_t limit_bytes;
    struct encoded best; /* the finest that fits; if none does, the smallest */
    int tries;
    bool settled;
    int crf_x10;        /* of the next try */
    int fine_x10;       /* the coarsest CRF that was known to be too large, 0 none */
    int64_t fine_bytes; /* what it took */
};

struct rung {
    struct rung_params params;
    int divisor, first, count; /* segments of the chunk */
    struct segment *segments;
    struct frame_queue queue;
    struct scaler *scaler;
    AVFrame *source, *scaled; /* the latest picture, and what became of it */
    AVPacket *packet;
    /* the segment that is being encoded */
    struct segment *present;
    struct encoded trial;
    AVCodecContext *encoder;
    int64_t frames;   /* of it, so far */
    uint64_t headers; /* of the first encoder, hashed: those of all */
    struct failure failure;
    int result;
    bool running;
    pthread_t thread;
};

static void free_encoded(struct encoded *encoded)
{
    for (size_t i = 0; i < encoded->count; i++)
        av_packet_free(&encoded->packets[i]);
    av_freep(&encoded->packets);
    *encoded = (struct encoded){0};
}

/* ---- encoding, on the rung's thread ---- */

static int open_encoder(
    const struct rung *rung, int crf_x10, AVCodecContext **out, struct failure *failure)
{
    const struct plan_rendition *r = rung->params.rendition;
    struct h264_params params = {
        .width = r->width,
        .height = r->height,
        .frame_rate = {r->fps_num, r->fps_den},
        .crf_x10 = crf_x10,
        .preset = r->preset,
        .tuning = r->tuning,
        .colours = rung->params.colours,
    };
    int error = h264_open(out, &params);
    return error < 0 ? failure_from_av(failure, error, REASON_INTERNAL, r->name) : 0;
}

static int begin_segment(struct rung *rung, struct segment *segment)
{
    if (open_encoder(rung, segment->crf_x10, &rung->encoder, &rung->failure) < 0)
        return -1;
    rung->present = segment;
    rung->frames = 0;
    rung->trial = (struct encoded){.crf_x10 = segment->crf_x10};
    return 0;
}

static int keep_packet(struct encoded *encoded, const AVPacket *packet)
{
    if (encoded->count == encoded->room) {
        size_t room = encoded->room ? encoded->room * 2 : 64;
        AVPacket **packets = av_realloc_array(encoded->packets, room, sizeof(*packets));
        if (!packets)
            return AVERROR(ENOMEM);
        encoded->packets = packets;
        encoded->room = room;
    }
    AVPacket *copy = av_packet_clone(packet);
    if (!copy)
        return AVERROR(ENOMEM);
    encoded->packets[encoded->count++] = copy;
    encoded->bytes += packet->size + PICTURE_BYTES;
    return 0;
}

/* Gives the encoder a picture, or the end (NULL), and keeps what it has ready. */
static int encode(struct rung *rung, const AVFrame *frame)
{
    int error = avcodec_send_frame(rung->encoder, frame);
    while (error >= 0) {
        error = h264_receive(rung->encoder, rung->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return 0;
        if (error >= 0) {
            error = keep_packet(&rung->trial, rung->packet);
            av_packet_unref(rung->packet);
        }
    }
    return failure_from_av(&rung->failure, error, REASON_INTERNAL, rung->params.rendition->name);
}

/* By rule of thumb six steps of CRF halve the bytes; between two tries one can do better. */
static int next_crf(const struct segment *s, const struct encoded *last)
{
    double target = (double)s->limit_bytes * (1 + WELL_FILLED) / 2;
    double slope = -1.0 / 60;
    if (s->fine_x10 > 0 && last->crf_x10 != s->fine_x10 && last->bytes != s->fine_bytes)
        slope = log2((double)last->bytes / (double)s->fine_bytes) / (last->crf_x10 - s->fine_x10);
    if (slope > -1.0 / 200)
        slope = -1.0 / 200;
    double crf = last->crf_x10 + log2(target / (double)last->bytes) / slope;
    int rounded = (int)(crf + 0.5);
    return rounded > COARSEST_CRF_X10 ? COARSEST_CRF_X10 : rounded;
}

/* Keeps the try if it is better than what there was. */
static void compare(struct rung *rung, struct segment *s)
{
    struct encoded *trial = &rung->trial;
    bool fits = trial->bytes <= s->limit_bytes, fitted = s->best.bytes <= s->limit_bytes;
    bool better = s->best.count == 0 || (fits && !fitted) ||
                  (fits && trial->crf_x10 < s->best.crf_x10) ||
                  (!fits && !fitted && trial->bytes < s->best.bytes);
    if (better) {
        free_encoded(&s->best);
        s->best = *trial;
        *trial = (struct encoded){0};
    } else {
        free_encoded(trial);
    }
}

/* What the try says about the next one. */
static void judge(struct rung *rung, struct segment *s)
{
    const struct encoded last = rung->trial;
    bool fits = last.bytes <= s->limit_bytes;
    int planned = rung->params.rendition->crf_x10;
    s->tries++;
    s->settled = s->tries == MOST_TRIES || (!fits && last.crf_x10 >= COARSEST_CRF_X10) ||
                 (fits && (last.crf_x10 <= planned ||
                              (double)last.bytes >= WELL_FILLED * (double)s->limit_bytes));
    int next = next_crf(s, &last);
    if (!fits && last.crf_x10 > s->fine_x10) {
        s->fine_x10 = last.crf_x10;
        s->fine_bytes = last.bytes;
    }
    if (next <= s->fine_x10)
        next = s->fine_x10 + 5;
    if (fits && next >= last.crf_x10)
        s->settled = true;
    s->crf_x10 = next > COARSEST_CRF_X10 ? COARSEST_CRF_X10 : next;
}

/* One init segment serves all: encodes at different CRFs must have the same headers. FNV-1a: they
 * are ours, nobody is after collisions. */
static int check_headers(struct rung *rung, const AVCodecContext *encoder, struct failure *failure)
{
    uint64_t hash = 14695981039346656037U;
    for (int i = 0; i < encoder->extradata_size; i++)
        hash = (hash ^ encoder->extradata[i]) * 1099511628211U;
    if (rung->headers != 0 && rung->headers != hash)
        return failure_set(
            failure, REASON_INTERNAL, "%s: headers differ", rung->params.rendition->name);
    rung->headers = hash;
    return 0;
}

static int end_segment(struct rung *rung)
{
    if (!rung->present)
        return 0;
    if (encode(rung, NULL) < 0)
        return -1;
    const struct plan_rendition *r = rung->params.rendition;
    if (rung->trial.count != (size_t)rung->frames)
        return failure_set(&rung->failure, REASON_INTERNAL, "%s: %zu pictures of %lld", r->name,
            rung->trial.count, (long long)rung->frames);
    double duration_s = (double)rung->frames * r->fps_den / r->fps_num;
    rung->trial.bytes += (int64_t)((duration_s / FRAGMENT_S + 1) * FRAGMENT_BYTES);
    if (check_headers(rung, rung->encoder, &rung->failure) < 0)
        return -1;
    avcodec_free_context(&rung->encoder);
    judge(rung, rung->present);
    compare(rung, rung->present);
    rung->present = NULL;
    return 0;
}

/* Scales a picture, unless it is the one before it, held. */
static int scale(struct rung *rung, const AVFrame *frame)
{
    if (rung->source->buf[0] && rung->source->buf[0]->data == frame->buf[0]->data)
        return 0;
    AVFrame *scaled = av_frame_alloc();
    int error = scaled ? scaler_run(rung->scaler, frame, scaled) : AVERROR(ENOMEM);
    if (error >= 0) {
        av_frame_unref(rung->source);
        error = av_frame_ref(rung->source, frame);
        av_frame_free(&rung->scaled);
        rung->scaled = scaled;
        return error;
    }
    av_frame_free(&scaled);
    /* A picture that can't be shown in the middle: the last one is held. */
    return rung->scaled && error != AVERROR(ENOMEM) ? 0 : error;
}

/* A frame's pts is the number of its segment in the chunk. */
static int take_frame(struct rung *rung, const AVFrame *frame)
{
    struct segment *segment = &rung->segments[frame->pts];
    if (segment != rung->present && (end_segment(rung) < 0 || begin_segment(rung, segment) < 0))
        return -1;
    int error = scale(rung, frame);
    if (error < 0)
        return failure_from_av(&rung->failure, error, REASON_DAMAGED, "scaling");
    rung->scaled->pts = rung->frames;
    rung->scaled->pict_type = rung->frames == 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    rung->frames++;
    return encode(rung, rung->scaled);
}

static void *run_pass(void *argument)
{
    struct rung *rung = argument;
    AVFrame *frame;
    while (rung->result == 0 && (frame = frame_queue_take(&rung->queue))) {
        rung->result = take_frame(rung, frame);
        av_frame_free(&frame);
    }
    if (rung->result == 0 && frame_queue_complete(&rung->queue))
        rung->result = end_segment(rung);
    frame_queue_refuse(&rung->queue);
    return NULL;
}

/* ---- passes, on the caller's thread ---- */

bool rung_wants(const struct rung *rung, int segment)
{
    return !rung->segments[segment - rung->first].settled;
}

int rung_begin_pass(struct rung *rung, struct failure *failure)
{
    frame_queue_init(&rung->queue);
    if (pthread_create(&rung->thread, NULL, run_pass, rung) != 0) {
        frame_queue_destroy(&rung->queue);
        return failure_set(failure, REASON_OUT_OF_MEMORY, "thread");
    }
    rung->running = true;
    return 0;
}

int rung_put(struct rung *rung, const AVFrame *frame, int64_t n, int segment)
{
    if (n % rung->divisor != 0)
        return 0;
    return frame_queue_put(&rung->queue, frame, segment - rung->first, false) < 0 ? -1 : 0;
}

int rung_end_pass(struct rung *rung, bool aborted, struct failure *failure)
{
    if (!rung->running)
        return 0;
    if (aborted)
        frame_queue_refuse(&rung->queue);
    frame_queue_end(&rung->queue);
    pthread_join(rung->thread, NULL);
    frame_queue_destroy(&rung->queue);
    rung->running = false;
    if (rung->result < 0)
        *failure = rung->failure;
    return rung->result;
}

/* ---- opening, closing ---- */

/*
 * A segment's share is what the cap gives in its time. The short ones with which a lesson begins
 * have a keyframe each like any other; so three in a row may lend one another a part of theirs.
 */
static void set_limits(struct rung *rung)
{
    const struct plan *plan = rung->params.plan;
    const struct plan_rendition *r = rung->params.rendition;
    for (int i = 0; i < rung->count; i++) {
        int n = rung->first + i;
        int64_t length_us = plan_segment_start_us(plan, n + 1) - plan_segment_start_us(plan, n);
        double share_us = (double)length_us;
        if (n < 3 && plan->segment_count > 3) {
            int64_t three_us = plan_segment_start_us(plan, 3) - plan_segment_start_us(plan, 0);
            share_us = 0.7 * share_us + 0.1 * (double)three_us;
        }
        rung->segments[i] = (struct segment){
            .limit_bytes = (int64_t)((double)r->segment_cap_bps * share_us / 8e6),
            .crf_x10 = r->crf_x10,
        };
    }
}

int rung_open(struct rung **out, const struct rung_params *params, struct failure *failure)
{
    const struct plan_rendition *r = params->rendition;
    int end;
    *out = NULL;
    struct rung *rung = av_mallocz(sizeof(*rung));
    if (!rung)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "%s", r->name);
    rung->params = *params;
    rung->divisor = plan_divisor(params->plan, r);
    plan_chunk_segments(
        params->plan, &params->piece->job->options, params->chunk, &rung->first, &end);
    rung->count = end - rung->first;
    rung->segments = av_calloc((size_t)rung->count, sizeof(*rung->segments));
    rung->packet = av_packet_alloc();
    rung->source = av_frame_alloc();
    struct scaler_params scaling = {
        .width = r->width,
        .height = r->height,
        .format = AV_PIX_FMT_YUV420P,
        .in_matrix = params->colours.matrix,
        .out_matrix = params->colours.matrix,
    };
    int result = 0;
    if (rung->divisor < 1)
        result = failure_set(failure, REASON_INTERNAL, "%s: frame rate", r->name);
    else if (!rung->segments || !rung->packet || !rung->source ||
             scaler_open(&rung->scaler, &scaling) < 0)
        result = failure_set(failure, REASON_OUT_OF_MEMORY, "%s", r->name);
    else
        set_limits(rung);
    if (result < 0)
        rung_close(&rung);
    *out = rung;
    return result;
}

void rung_close(struct rung **rung_pointer)
{
    struct rung *rung = *rung_pointer;
    if (!rung)
        return;
    for (int i = 0; rung->segments && i < rung->count; i++)
        free_encoded(&rung->segments[i].best);
    free_encoded(&rung->trial);
    av_free(rung->segments);
    avcodec_free_context(&rung->encoder);
    av_packet_free(&rung->packet);
    av_frame_free(&rung->source);
    av_frame_free(&rung->scaled);
    scaler_close(&rung->scaler);
    av_freep(rung_pointer);
}

/* ---- packing ---- */

/* Times, counted in frames of the segment by the encoder, become ticks of the lesson. */
static int pack_segment(
    struct rung *rung, int i, struct packager *packager, int64_t *times, struct failure *failure)
{
    const struct plan_rendition *r = rung->params.rendition;
    const struct encoded *encoded = &rung->segments[i].best;
    const struct plan *plan = rung->params.plan;
    int64_t offset = av_rescale(plan->video_start_us, r->timescale, 1000000);
    int64_t grid_ticks = r->frame_ticks / rung->divisor;
    int64_t start = plan_segment_start_frame(plan, rung->first + i) * grid_ticks + offset;
    /* The lesson's last picture may be shown for less than a frame of a slow rendition. */
    int64_t end = plan_segment_start_frame(plan, rung->first + i + 1) * grid_ticks + offset;
    int64_t *pts = times, *dts = times + encoded->count;
    for (size_t k = 0; k < encoded->count; k++)
        pts[k] = start + encoded->packets[k]->pts * r->frame_ticks;
    if (decode_times_spread(pts, dts, encoded->count, r->frame_ticks) < 0)
        return failure_set(failure, REASON_INTERNAL, "%s: decoding times", r->name);
    for (size_t k = 0; k < encoded->count; k++) {
        AVPacket *packet = encoded->packets[k];
        packet->pts = pts[k];
        packet->dts = dts[k];
        packet->duration = (k + 1 < encoded->count ? dts[k + 1] : end) - dts[k];
        if (packager_add(packager, packet, failure) < 0)
            return -1;
    }
    return packager_end_segment(packager, failure);
}

static int pack(struct rung *rung, const AVCodecContext *encoder, struct failure *failure)
{
    struct packager *packager = NULL;
    struct packager_params params = {rung->params.rendition, encoder, rung->first};
    int result = packager_open(&packager, &params, failure);
    for (int i = 0; i < rung->count && result == 0; i++) {
        int64_t *times = av_calloc(rung->segments[i].best.count, 2 * sizeof(*times));
        result = times ? pack_segment(rung, i, packager, times, failure)
                       : failure_set(failure, REASON_OUT_OF_MEMORY, "times");
        av_free(times);
    }
    if (result == 0)
        result = piece_deliver(rung->params.piece, rung->params.rendition, rung->params.chunk,
            packager, encoder, failure);
    packager_close(&packager);
    return result;
}

int rung_deliver(struct rung *rung, struct failure *failure)
{
    AVCodecContext *encoder = NULL;
    if (open_encoder(rung, rung->params.rendition->crf_x10, &encoder, failure) < 0)
        return -1;
    int result = check_headers(rung, encoder, failure);
    if (result == 0)
        result = pack(rung, encoder, failure);
    avcodec_free_context(&encoder);
    return result;
}
