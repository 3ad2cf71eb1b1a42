/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/ladder/rung.h"

#include <math.h>

#include "transcoder/ladder/segment_encoder.h"
#include "transcoder/package/dts.h"
#include "transcoder/text/hash.h"
#include "transcoder/video/encoder.h"
#include "transcoder/video/frame_feed.h"

/* Encodes of one segment. Nearly always the first one fits. */
#define MAX_TRIES 3
/* One that is over its limit by this part of it is not worth another: by plan three segments in a
 * row are at most 1.05 of the cap, and 1.1 is what must hold. */
#define TOLERATED_PART 25
/* What an encoder that can't be steered leaves over by this part of its limit makes the rendition
 * worthless: beside it stands one that holds the same cap. */
#define UNTOLERATED_PART 5
/* How much coarser the next one is at least. */
#define RETRY_STEP_X10 15
/* What halves the bytes where nothing steers: until two tries have shown it, and at the most. */
#define HALVING_X10 140
#define MAX_HALVING_X10 300

struct segment {
    int64_t limit_bytes;
    int frames;
    struct encoded best; /* the one that fits; if none does, the smallest */
    int tries;
    int crf_x10; /* of the last try, and its bytes */
    int64_t bytes;
    bool settled;
    int finest_crf_x10; /* of the next try */
};

struct rung {
    struct rung_params params;
    int divisor, first, count; /* segments of the chunk */
    struct segment *segments;
    struct rate_model model;
    struct frame_feed *intake;
    struct segment *present; /* that is being encoded */
    struct segment_encoder *encoder;
    uint64_t headers; /* of the first encoder, hashed: those of all */
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
    rung->present = segment;
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

/*
 * How much coarser the next try is to be. An encoder that steers follows the pictures by itself;
 * for one that can't the whole way is reckoned from what the tries took.
 */
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

/* Keeps the try if it is better than what there was, and says what the next one is to be like. */
static void judge(struct rung *rung, struct segment *s, struct encoded *encoded)
{
    bool fits = encoded->bytes <= s->limit_bytes + s->limit_bytes / TOLERATED_PART;
    if (s->tries++ == 0)
        learn(rung, s, encoded);
    s->settled =
        fits || s->tries == MAX_TRIES ||
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

/* Checks that encodes at different CRFs have the same headers, since one init segment serves them
 * all. */
static int check_headers(struct rung *rung, const AVCodecContext *encoder, struct failure *failure)
{
    uint64_t hash = hash_bytes(HASH_START, encoder->extradata, (size_t)encoder->extradata_size);
    if (rung->headers != 0 && rung->headers != hash)
        return failure_set(
            failure, REASON_INTERNAL, "%s: headers differ", rung->params.rendition->name);
    rung->headers = hash;
    return 0;
}

/* Ends the present segment's try; -1 where the rendition can't hold its cap. */
static int check_cap(struct rung *rung, struct failure *failure)
{
    const struct segment *s = rung->present;
    const struct rendition *r = rung->params.rendition;
    rung->present = NULL;
    if (encoder_range(r->video_codec).steerable || !s->settled ||
        s->best.bytes <= s->limit_bytes + s->limit_bytes / UNTOLERATED_PART)
        return 0;
    return failure_set(failure, REASON_OVER_CAP, "%s: %lld bytes instead of %lld", r->name,
        (long long)s->best.bytes, (long long)s->limit_bytes);
}

static int end_segment(struct rung *rung, struct failure *failure)
{
    struct encoded encoded;
    if (!rung->present)
        return 0;
    if (segment_encoder_finish(rung->encoder, &encoded, failure) < 0 ||
        check_headers(rung, segment_encoder_context(rung->encoder), failure) < 0)
        return -1;
    segment_encoder_close(&rung->encoder);
    judge(rung, rung->present, &encoded);
    return check_cap(rung, failure);
}

/* A picture's pts is the number of its segment in the chunk. */
static int take_picture(void *context, AVFrame *picture, struct failure *failure)
{
    struct rung *rung = context;
    struct segment *segment = &rung->segments[picture->pts];
    if (segment != rung->present &&
        (end_segment(rung, failure) < 0 || begin_segment(rung, segment, failure) < 0))
        return -1;
    return segment_encoder_put(rung->encoder, picture, failure);
}

static int end_pass(void *context, struct failure *failure)
{
    return end_segment(context, failure);
}

static const struct frame_consumer taker = {take_picture, end_pass};

/* ---- passes, on the caller's thread ---- */

static bool rung_wants(const void *sink, int segment)
{
    const struct rung *rung = sink;
    return !rung->segments[segment - rung->first].settled;
}

static int rung_begin_pass(void *sink, struct failure *failure)
{
    struct rung *rung = sink;
    return frame_feed_begin(rung->intake, failure);
}

static int rung_put(void *sink, const AVFrame *frame, int64_t n, int segment)
{
    struct rung *rung = sink;
    if (n % rung->divisor != 0)
        return 0;
    return frame_feed_put(rung->intake, frame, segment - rung->first);
}

static int rung_end_pass(void *sink, bool aborted, struct failure *failure)
{
    struct rung *rung = sink;
    return frame_feed_end(rung->intake, aborted, failure);
}

/* ---- limits ---- */

/* Pictures of the rendition before a segment. */
static int frames_before(const struct rung *rung, int segment)
{
    int64_t frames = plan_segment_start_frame(rung->params.plan, segment);
    return (int)((frames + rung->divisor - 1) / rung->divisor);
}

/*
 * A segment's share is what the cap gives in its time. The short ones with which a lesson begins
 * have a keyframe each like any other; so three in a row may lend one another a part of theirs.
 */
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

/* Times, counted in frames of the segment by the encoder, become ticks of the lesson. */
static int pack_segment(
    struct rung *rung, int i, struct cmaf *cmaf, int64_t *times, struct failure *failure)
{
    const struct rendition *r = rung->params.rendition;
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
    frame_feed_close(&rung->intake);
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
    int end;
    *out = (struct frame_sink){0};
    struct rung *rung = av_mallocz(sizeof(*rung));
    if (!rung)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "%s", r->name);
    rung->params = *params;
    rung->divisor = plan_divisor(params->plan, r);
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
    else if (!rung->segments || frame_feed_open(&rung->intake, &scaling, &taker, rung) < 0)
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
