/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/ladder/rung.h"

#include <math.h>

#include "transcoder/ladder/segment_encoder.h"
#include "transcoder/package/dts.h"
#include "transcoder/text/hash.h"
#include "transcoder/video/encoder.h"
#include "transcoder/video/frame_feed.h"

/* Limit of the tries for one segment, each in a pass of its own. Nearly always the first one
 * fits. */
#define MAX_TRIES 3
/* A segment that exceeds its limit by at most this part (1/25) is not encoded again. By plan
 * three segments in a row take at most 1.05 of the cap, and they must stay below 1.1. */
#define TOLERATED_PART 25
/* With an encoder that is not steerable, a segment makes the rendition fail if even its smallest
 * try exceeds the limit by more than this part (1/5). Another rendition with the same cap exists
 * beside it. */
#define UNTOLERATED_PART 5
/* The least step of the CRF to the next try. */
#define RETRY_STEP_X10 15
/* The step of the CRF that halves the bytes, for an encoder that is not steerable. HALVING_X10 is
 * assumed until two tries have shown the real step. A larger step than MAX_HALVING_X10 is not
 * believed. */
#define HALVING_X10 140
#define MAX_HALVING_X10 300

struct segment {
    int64_t limit_bytes;
    int frames;
    struct encoded best; /* the try that fits; if none does, the smallest one */
    int tries;
    int crf_x10;        /* CRF of the last try */
    int64_t bytes;      /* size of the last try */
    bool done;          /* no further try is wanted */
    int finest_crf_x10; /* the finest CRF that the next try may use */
};

struct rung {
    struct rung_params params;
    /* first: number of the first segment of the chunk; count: its segments */
    int divisor, first, count;
    struct segment *segments;
    struct rate_model model;
    struct frame_feed *feed;
    struct segment *current; /* the segment that is encoded now; NULL: none */
    struct segment_encoder *encoder;
    uint64_t headers; /* hash of the first encoder's headers; all encoders must have the same */
};

/* ---- encoding, on the rung's thread ---- */

static int begin_segment(struct rung *rung, struct segment *segment, struct failure *failure)
{
    struct segment_encoder_params params = {
        .rendition = rung->params.rendition,
        .model = &rung->model,
        .colours = rung->params.colours,
        .limit_bytes = segment->limit_bytes,
        .frames = segment->frames,
        .finest_crf_x10 = segment->finest_crf_x10,
    };
    rung->current = segment;
    return segment_encoder_open(&rung->encoder, &params, failure);
}

static void learn(struct rung *rung, const struct segment *s, const struct encoded *encoded)
{
    int64_t rest_bytes = -encoded->keyframe_bytes;
    for (size_t i = 0; i < encoded->count; i++)
        rest_bytes += encoded->packets[i]->size;
    const struct rendition *r = rung->params.rendition;
    rate_model_learn(&rung->model, encoded->crf_x10 / 10.0, encoded->keyframe_bytes, rest_bytes,
        (double)s->frames * r->fps_den / r->fps_num);
}

/* Returns how much coarser the next try must be. A steerable encoder adapts by itself. For
 * others the whole step follows from the sizes of the tries. */
static int retry_step_x10(
    const struct rung *rung, const struct segment *s, const struct encoded *now)
{
    if (encoder_range(rung->params.rendition->video_codec).steerable)
        return RETRY_STEP_X10;
    double halving_x10 = HALVING_X10;
    if (s->bytes > now->bytes && now->crf_x10 > s->crf_x10)
        halving_x10 = (now->crf_x10 - s->crf_x10) / log2((double)s->bytes / (double)now->bytes);
    if (halving_x10 > MAX_HALVING_X10)
        halving_x10 = MAX_HALVING_X10;
    int step = (int)(halving_x10 * log2((double)now->bytes / (double)s->limit_bytes));
    return step > RETRY_STEP_X10 ? step : RETRY_STEP_X10;
}

/* Keeps the try if it is better than the earlier ones, and decides on the next try. */
static void finish_try(struct rung *rung, struct segment *s, struct encoded *encoded)
{
    bool fits = encoded->bytes <= s->limit_bytes + s->limit_bytes / TOLERATED_PART;
    if (s->tries++ == 0)
        learn(rung, s, encoded);
    s->done = fits || s->tries == MAX_TRIES ||
              encoded->crf_x10 >= encoder_range(rung->params.rendition->video_codec).coarsest_x10;
    s->finest_crf_x10 = encoded->crf_x10 + retry_step_x10(rung, s, encoded);
    s->crf_x10 = encoded->crf_x10;
    s->bytes = encoded->bytes;
    if (s->best.count == 0 || encoded->bytes < s->best.bytes) {
        encoded_free(&s->best);
        s->best = *encoded;
        *encoded = (struct encoded){0};
    }
    encoded_free(encoded);
}

/* Checks that all encodes have the same headers, whatever their CRF, because one init segment
 * serves them all. */
static int check_headers(struct rung *rung, const AVCodecContext *encoder, struct failure *failure)
{
    uint64_t hash = hash_bytes(HASH_START, encoder->extradata, (size_t)encoder->extradata_size);
    if (rung->headers != 0 && rung->headers != hash)
        return failure_set(
            failure, REASON_INTERNAL, "%s: headers differ", rung->params.rendition->name);
    rung->headers = hash;
    return 0;
}

/* Ends the try of the current segment. Returns -1 if the rendition cannot keep its cap. */
static int check_cap(struct rung *rung, struct failure *failure)
{
    const struct segment *s = rung->current;
    const struct rendition *r = rung->params.rendition;
    rung->current = NULL;
    if (encoder_range(r->video_codec).steerable || !s->done ||
        s->best.bytes <= s->limit_bytes + s->limit_bytes / UNTOLERATED_PART)
        return 0;
    return failure_set(failure, REASON_OVER_CAP, "%s: %lld bytes instead of %lld", r->name,
        (long long)s->best.bytes, (long long)s->limit_bytes);
}

static int end_segment(struct rung *rung, struct failure *failure)
{
    if (!rung->current)
        return 0;
    struct encoded encoded;
    if (segment_encoder_finish(rung->encoder, &encoded, failure) < 0 ||
        check_headers(rung, segment_encoder_context(rung->encoder), failure) < 0)
        return -1;
    segment_encoder_close(&rung->encoder);
    finish_try(rung, rung->current, &encoded);
    return check_cap(rung, failure);
}

/* The pts of a frame is the number of its segment in the chunk. */
static int take_picture(void *context, AVFrame *picture, struct failure *failure)
{
    struct rung *rung = context;
    struct segment *segment = &rung->segments[picture->pts];
    if (segment != rung->current &&
        (end_segment(rung, failure) < 0 || begin_segment(rung, segment, failure) < 0))
        return -1;
    return segment_encoder_put(rung->encoder, picture, failure);
}

static int end_pass(void *context, struct failure *failure)
{
    return end_segment(context, failure);
}

static const struct frame_consumer consumer = {take_picture, end_pass};

/* ---- passes, on the caller's thread ---- */

static bool rung_wants(const void *sink, int segment)
{
    const struct rung *rung = sink;
    return !rung->segments[segment - rung->first].done;
}

static int rung_begin_pass(void *sink, struct failure *failure)
{
    struct rung *rung = sink;
    return frame_feed_begin(rung->feed, failure);
}

static int rung_put(void *sink, const AVFrame *frame, int64_t n, int segment)
{
    struct rung *rung = sink;
    if (n % rung->divisor != 0)
        return 0;
    return frame_feed_put(rung->feed, frame, segment - rung->first);
}

static int rung_end_pass(void *sink, bool aborted, struct failure *failure)
{
    struct rung *rung = sink;
    return frame_feed_end(rung->feed, aborted, failure);
}

/* ---- limits ---- */

/* Returns the number of the rendition's frames before a segment. */
static int frames_before(const struct rung *rung, int segment)
{
    int64_t frames = plan_segment_start_frame(rung->params.plan, segment);
    return (int)((frames + rung->divisor - 1) / rung->divisor);
}

/* Sets the byte limits of the segments. A segment gets the bytes that the cap allows in its time.
 * The first three segments of a lesson are short but have a keyframe each, like any other. So they
 * share a part of their limits. */
static void set_limits(struct rung *rung)
{
    const struct plan *plan = rung->params.plan;
    const struct rendition *r = rung->params.rendition;
    for (int i = 0; i < rung->count; i++) {
        int n = rung->first + i;
        double share_us =
            (double)(plan_segment_start_us(plan, n + 1) - plan_segment_start_us(plan, n));
        if (n < 3 && plan->segment_count >= 3) {
            int64_t three_us = plan_segment_start_us(plan, 3) - plan_segment_start_us(plan, 0);
            share_us = 0.7 * share_us + 0.1 * (double)three_us;
        }
        rung->segments[i] = (struct segment){
            .limit_bytes = (int64_t)((double)r->segment_cap_bps * share_us / 8e6),
            .frames = frames_before(rung, n + 1) - frames_before(rung, n),
            .finest_crf_x10 = r->crf_x10,
        };
    }
}

/* ---- packing ---- */

/* Packs a segment. The encoder counts times in frames of the segment; here they become ticks of
 * the lesson. */
static int pack_segment(
    struct rung *rung, int i, struct cmaf *cmaf, int64_t *times, struct failure *failure)
{
    const struct rendition *r = rung->params.rendition;
    const struct encoded *encoded = &rung->segments[i].best;
    const struct plan *plan = rung->params.plan;
    int64_t offset = av_rescale(plan->video_start_us, r->timescale, 1000000);
    int64_t grid_ticks = r->frame_ticks / rung->divisor;
    int64_t start = plan_segment_start_frame(plan, rung->first + i) * grid_ticks + offset;
    /* The last frame of the lesson may be shown for less time than a frame of a slow rendition
     * lasts. */
    int64_t end = plan_segment_start_frame(plan, rung->first + i + 1) * grid_ticks + offset;
    int64_t *pts = times, *dts = times + encoded->count;
    for (size_t k = 0; k < encoded->count; k++)
        pts[k] = start + encoded->packets[k]->pts * r->frame_ticks;
    if (dts_spread(pts, dts, encoded->count, r->frame_ticks) < 0)
        return failure_set(failure, REASON_INTERNAL, "%s: decoding times", r->name);
    for (size_t k = 0; k < encoded->count; k++) {
        AVPacket *packet = encoded->packets[k];
        packet->pts = pts[k];
        packet->dts = dts[k];
        packet->duration = (k + 1 < encoded->count ? dts[k + 1] : end) - dts[k];
        if (cmaf_add(cmaf, packet, failure) < 0)
            return -1;
    }
    return cmaf_end_segment(cmaf, failure);
}

static int pack(struct rung *rung, const AVCodecContext *encoder, struct failure *failure)
{
    struct cmaf *cmaf = NULL;
    struct cmaf_params params = {rung->params.rendition, encoder, rung->first};
    int result = cmaf_open(&cmaf, &params, failure);
    for (int i = 0; i < rung->count && result == 0; i++) {
        int64_t *times = av_calloc(rung->segments[i].best.count, 2 * sizeof(*times));
        result = times ? pack_segment(rung, i, cmaf, times, failure)
                       : failure_set(failure, REASON_OUT_OF_MEMORY, "times");
        av_free(times);
    }
    if (result == 0)
        result = deliver_chunk_and_init(rung->params.work, rung->params.rendition,
            rung->params.work->job->chunk, cmaf, encoder, failure);
    cmaf_close(&cmaf);
    return result;
}

static int rung_deliver(void *sink, struct failure *failure)
{
    struct rung *rung = sink;
    AVCodecContext *encoder = NULL;
    const struct rendition *r = rung->params.rendition;
    if (segment_encoder_codec(r, &rung->params.colours, r->crf_x10, &encoder, failure) < 0)
        return -1;
    int result = check_headers(rung, encoder, failure);
    if (result == 0)
        result = pack(rung, encoder, failure);
    encoder_close(&encoder);
    return result;
}

/* ---- opening and closing ---- */

static void rung_close(void *sink)
{
    struct rung *rung = sink;
    for (int i = 0; rung->segments && i < rung->count; i++)
        encoded_free(&rung->segments[i].best);
    av_free(rung->segments);
    segment_encoder_close(&rung->encoder);
    frame_feed_close(&rung->feed);
    av_free(rung);
}

static const struct frame_sink_ops rung_ops = {
    .wants = rung_wants,
    .begin_pass = rung_begin_pass,
    .put = rung_put,
    .end_pass = rung_end_pass,
    .deliver = rung_deliver,
    .close = rung_close,
};

int rung_open(struct frame_sink *out, const struct rung_params *params, struct failure *failure)
{
    const struct rendition *r = params->rendition;
    const struct job *job = params->work->job;
    *out = (struct frame_sink){0};
    struct rung *rung = av_mallocz(sizeof(*rung));
    if (!rung)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "%s", r->name);
    rung->params = *params;
    rung->divisor = plan_divisor(params->plan, r);
    int end;
    plan_chunk_segments(params->plan, &job->options, job->chunk, &rung->first, &end);
    rung->count = end - rung->first;
    rung->segments = av_calloc((size_t)rung->count, sizeof(*rung->segments));
    rung->model = (struct rate_model){.info = &job->info, .rendition = r};
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
    else if (!rung->segments || frame_feed_open(&rung->feed, &scaling, &consumer, rung) < 0)
        result = failure_set(failure, REASON_OUT_OF_MEMORY, "%s", r->name);
    else
        set_limits(rung);
    if (result < 0) {
        rung_close(rung);
        return -1;
    }
    *out = (struct frame_sink){&rung_ops, rung};
    return 0;
}
