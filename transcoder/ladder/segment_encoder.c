/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/ladder/segment_encoder.h"

#include <math.h>
#include <stdio.h>

#include "transcoder/video/encoder.h"

/*
 * Shares of the limit. AIMED_AT: the target of the first CRF and of a new start, for a steerable
 * encoder.
 *
 * AIMED_AT_UNSTEERED: the target of the CRF for other encoders. Their CRF is rounded up to a whole
 * number, and this leaves enough room (a lecture used 0.88 to 0.95 of the limit).
 *
 * STEERED_TO: the target during the encode.
 */
#define AIMED_AT 0.92
#define AIMED_AT_UNSTEERED 1.0
#define STEERED_TO 0.97
/*
 * An encoder that is not steerable cannot be stopped in the middle. It is started once, with the
 * CRF that suits the keyframe. A short trial encode of the first frame shows the bytes of the
 * keyframe; its preset takes half the time. The result is multiplied by KEYFRAME_STANDS, because in
 * the real encode the picture stands for as long as a slide, and then the encoder gives the
 * keyframe more bytes.
 */
#define TRIAL_PRESET "12"
#define TRIAL_FRAMES 8
#define KEYFRAME_STANDS 1.22
/* Limit of the new starts after the keyframe, and the least error of the CRF for which a new
 * start is worth its time. */
#define MAX_RESTARTS 3
#define WORTH_RESTART_X10 10
/* Limits of the CRF step from frame to frame, so that the quality looks steady. */
#define COARSER_STEP_X10 10
#define FINER_STEP_X10 2
/* The prediction of the model counts as much as this many seconds of encoded frames. */
#define MODEL_WEIGHT_S 3.0
/* The cost of the container: the boxes of a fragment, and the entries of a frame in them;
 * measured with libavformat. */
#define FRAGMENT_BYTES 110
#define FRAGMENT_S 2.0
#define FRAME_BYTES 16

struct segment_encoder {
    struct segment_encoder_params params;
    struct encoder_range range;
    double frame_s;
    double budget_bytes; /* bytes for packets: the limit less the container */
    AVCodecContext *codec;
    AVPacket *packet;
    /* The frames given so far. Once no new start can follow, those already sent are freed. */
    AVFrame **held;
    int held_count, sent_count;
    int given;
    int begin_crf_x10; /* CRF at the start of the segment */
    int crf_x10;       /* current CRF */
    int restarts;
    bool restart; /* the encode must start again */
    bool steady;  /* no new start will follow */
    bool ended;
    double bytes;          /* size of the packets so far */
    double seen_bytes;     /* size of the packets after the keyframe */
    double expected_bytes; /* size that the model predicted for these packets */
    double crf_sum;
    struct encoded encoded;
};

void encoded_free(struct encoded *encoded)
{
    for (size_t i = 0; i < encoded->count; i++)
        av_packet_free(&encoded->packets[i]);
    av_freep(&encoded->packets);
    *encoded = (struct encoded){0};
}

int segment_encoder_codec(const struct rendition *rendition, const struct source_colours *colours,
    int crf_x10, AVCodecContext **out, struct failure *failure)
{
    struct encoder_params params = {
        .video_codec = rendition->video_codec,
        .width = rendition->width,
        .height = rendition->height,
        .frame_rate = {rendition->fps_num, rendition->fps_den},
        .crf_x10 = crf_x10,
        .preset = rendition->preset,
        .tuning = rendition->tuning,
        .colours = *colours,
    };
    int error = encoder_open(out, &params);
    return error < 0 ? failure_from_av(failure, error, REASON_INTERNAL, rendition->name) : 0;
}

static int fail(const struct segment_encoder *e, int error, struct failure *failure)
{
    return failure_from_av(failure, error, REASON_INTERNAL, e->params.rendition->name);
}

/* ---- choosing the CRF ---- */

static int rest_frames(const struct segment_encoder *e)
{
    return e->params.frames - (int)e->encoded.count;
}

/* Returns the CRF that suits the whole segment. keyframe_bytes: size of its keyframe; 0: not
 * known yet. */
static int suitable_crf(const struct segment_encoder *e, double keyframe_bytes)
{
    double expected = rate_model_keyframe_bytes(e->params.model, e->begin_crf_x10 / 10.0);
    struct rate_budget budget = {
        .bytes = e->budget_bytes * (e->range.steerable ? AIMED_AT : AIMED_AT_UNSTEERED),
        .keyframe = keyframe_bytes > 0 ? keyframe_bytes / expected : 1,
        .rest = 1,
        .seconds = (e->params.frames - 1) * e->frame_s,
        .finest_x10 = e->params.finest_crf_x10,
        .last_x10 = e->range.coarsest_x10,
    };
    int crf = rate_model_crf_x10(e->params.model, &budget), step = e->range.step_x10;
    return e->range.steerable ? crf : (crf + step - 1) / step * step;
}

static void check_keyframe(struct segment_encoder *e)
{
    int suitable = suitable_crf(e, (double)e->encoded.keyframe_bytes);
    e->restart = e->range.steerable && e->restarts < MAX_RESTARTS &&
                 abs(suitable - e->begin_crf_x10) >= WORTH_RESTART_X10;
    e->steady = !e->restart;
    if (e->restart)
        e->begin_crf_x10 = suitable;
}

/* Sets the CRF of the next frames, by the size of the frames so far. */
static int adjust_crf(struct segment_encoder *e)
{
    double prior = rate_model_rest_bytes(e->params.model, e->crf_x10 / 10.0, MODEL_WEIGHT_S);
    struct rate_budget budget = {
        .bytes = e->budget_bytes * STEERED_TO - e->bytes,
        .rest = (e->seen_bytes + prior) / (e->expected_bytes + prior),
        .seconds = rest_frames(e) * e->frame_s,
        .finest_x10 = e->crf_x10 - FINER_STEP_X10,
        .last_x10 = e->crf_x10 + COARSER_STEP_X10,
    };
    if (budget.finest_x10 < e->params.finest_crf_x10)
        budget.finest_x10 = e->params.finest_crf_x10;
    if (budget.last_x10 > e->range.coarsest_x10)
        budget.last_x10 = e->range.coarsest_x10;
    int crf = rate_model_crf_x10(e->params.model, &budget);
    if (crf == e->crf_x10)
        return 0;
    e->crf_x10 = crf;
    return encoder_set_crf(e->codec, crf);
}

/* ---- packets ---- */

static int keep_packet(struct encoded *encoded, const AVPacket *packet)
{
    if (encoded->count == encoded->room) {
        size_t room = encoded->room ? encoded->room * 2 : 64;
        AVPacket **packets = av_realloc_array(encoded->packets, room, sizeof(AVPacket *));
        if (!packets)
            return AVERROR(ENOMEM);
        encoded->packets = packets;
        encoded->room = room;
    }
    AVPacket *copy = av_packet_clone(packet);
    if (!copy)
        return AVERROR(ENOMEM);
    encoded->packets[encoded->count++] = copy;
    return 0;
}

static int take_packet(struct segment_encoder *e)
{
    int error = keep_packet(&e->encoded, e->packet);
    if (error < 0)
        return error;
    e->bytes += e->packet->size;
    e->crf_sum += e->crf_x10;
    if (e->encoded.count == 1) {
        e->encoded.keyframe_bytes = e->packet->size;
        check_keyframe(e);
        return 0;
    }
    e->seen_bytes += e->packet->size;
    e->expected_bytes += rate_model_rest_bytes(e->params.model, e->crf_x10 / 10.0, e->frame_s);
    return e->range.steerable && rest_frames(e) > 0 ? adjust_crf(e) : 0;
}

/* Gives the encoder a frame, or the end (NULL), and takes the packets that are ready. Stops if
 * the encode must start again. */
static int encode(struct segment_encoder *e, const AVFrame *picture)
{
    int error = avcodec_send_frame(e->codec, picture);
    while (error >= 0 && !e->restart) {
        error = encoder_receive(e->codec, e->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return 0;
        if (error >= 0) {
            error = take_packet(e);
            av_packet_unref(e->packet);
        }
    }
    return error;
}

/* ---- frames ---- */

static void release_sent(struct segment_encoder *e)
{
    for (int i = 0; i < e->sent_count; i++)
        av_frame_free(&e->held[i]);
}

static int begin_encode(struct segment_encoder *e, struct failure *failure)
{
    encoder_close(&e->codec);
    encoded_free(&e->encoded);
    e->bytes = e->seen_bytes = e->expected_bytes = e->crf_sum = 0;
    e->restart = false;
    e->steady = !e->range.steerable;
    e->sent_count = 0;
    e->crf_x10 = e->begin_crf_x10;
    return segment_encoder_codec(
        e->params.rendition, &e->params.colours, e->crf_x10, &e->codec, failure);
}

/* Measures the keyframe of a segment that starts with this frame. The codec cannot be used
 * afterwards. Returns 0 or a negative AVERROR. */
static int measure_keyframe(
    struct segment_encoder *e, AVCodecContext *codec, const AVFrame *picture, double *bytes)
{
    AVFrame *frame = av_frame_clone(picture);
    int error = frame ? 0 : AVERROR(ENOMEM);
    for (int i = 0; i <= TRIAL_FRAMES && error >= 0; i++) {
        frame->pts = i;
        frame->pict_type = i == 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
        error = avcodec_send_frame(codec, i < TRIAL_FRAMES ? frame : NULL);
        while (error >= 0 && (error = encoder_receive(codec, e->packet)) >= 0) {
            if (*bytes == 0)
                *bytes = KEYFRAME_STANDS * e->packet->size;
            av_packet_unref(e->packet);
        }
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            error = 0;
    }
    av_frame_free(&frame);
    return error;
}

/* Sets the CRF at the start of the segment, by a trial encode of its first frame. */
static int choose_begin_crf(
    struct segment_encoder *e, const AVFrame *picture, struct failure *failure)
{
    struct rendition trial = *e->params.rendition;
    AVCodecContext *codec = NULL;
    double bytes = 0;
    snprintf(trial.preset, sizeof(trial.preset), TRIAL_PRESET);
    if (segment_encoder_codec(&trial, &e->params.colours, e->begin_crf_x10, &codec, failure) < 0)
        return -1;
    int error = measure_keyframe(e, codec, picture, &bytes);
    encoder_close(&codec);
    if (error < 0)
        return fail(e, error, failure);
    e->begin_crf_x10 = suitable_crf(e, bytes);
    return 0;
}

/* Encodes the held frames that were not sent yet. If the encode must start again, sends them
 * from the first. */
static int send_held(struct segment_encoder *e, struct failure *failure)
{
    for (;;) {
        int error = 0;
        while (error >= 0 && !e->restart && e->sent_count < e->held_count)
            error = encode(e, e->held[e->sent_count++]);
        if (error >= 0 && !e->restart && e->ended)
            error = encode(e, NULL);
        if (error < 0)
            return fail(e, error, failure);
        if (!e->restart)
            break;
        e->restarts++;
        if (begin_encode(e, failure) < 0)
            return -1;
    }
    if (e->steady)
        release_sent(e);
    return 0;
}

static int hold_frame(struct segment_encoder *e, const AVFrame *picture)
{
    if (e->given == e->params.frames)
        return AVERROR(EINVAL);
    AVFrame *frame = av_frame_clone(picture);
    if (!frame)
        return AVERROR(ENOMEM);
    frame->pts = e->given++;
    frame->pict_type = frame->pts == 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    e->held[e->held_count++] = frame;
    return 0;
}

int segment_encoder_put(
    struct segment_encoder *encoder, const AVFrame *picture, struct failure *failure)
{
    int error = hold_frame(encoder, picture);
    if (error < 0)
        return fail(encoder, error, failure);
    if (encoder->given == 1 &&
        ((!encoder->range.steerable && choose_begin_crf(encoder, picture, failure) < 0) ||
            begin_encode(encoder, failure) < 0))
        return -1;
    return send_held(encoder, failure);
}

int segment_encoder_finish(
    struct segment_encoder *encoder, struct encoded *out, struct failure *failure)
{
    struct segment_encoder *e = encoder;
    e->ended = true;
    if (e->given > 0 && send_held(e, failure) < 0)
        return -1;
    if (e->encoded.count == 0 || e->encoded.count != (size_t)e->given)
        return failure_set(failure, REASON_INTERNAL, "%s: %zu pictures of %d",
            e->params.rendition->name, e->encoded.count, e->given);
    e->encoded.crf_x10 = (int)(e->crf_sum / (double)e->encoded.count + 0.5);
    e->encoded.bytes = (int64_t)(e->bytes + (double)e->params.limit_bytes - e->budget_bytes);
    *out = e->encoded;
    e->encoded = (struct encoded){0};
    return 0;
}

const AVCodecContext *segment_encoder_context(const struct segment_encoder *encoder)
{
    return encoder->codec;
}

int segment_encoder_open(struct segment_encoder **out, const struct segment_encoder_params *params,
    struct failure *failure)
{
    const struct rendition *r = params->rendition;
    struct segment_encoder *e = av_mallocz(sizeof(*e));
    *out = e;
    if (!e)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "%s", r->name);
    e->params = *params;
    e->range = encoder_range(r->video_codec);
    e->frame_s = (double)r->fps_den / r->fps_num;
    e->budget_bytes = (double)params->limit_bytes - params->frames * FRAME_BYTES -
                      (params->frames * e->frame_s / FRAGMENT_S + 1) * FRAGMENT_BYTES;
    e->packet = av_packet_alloc();
    e->held = av_calloc((size_t)params->frames, sizeof(AVFrame *));
    e->begin_crf_x10 = suitable_crf(e, 0);
    if (e->packet && e->held)
        return 0;
    segment_encoder_close(out);
    return failure_set(failure, REASON_OUT_OF_MEMORY, "%s", r->name);
}

void segment_encoder_close(struct segment_encoder **encoder)
{
    struct segment_encoder *e = *encoder;
    if (!e)
        return;
    for (int i = 0; e->held && i < e->held_count; i++)
        av_frame_free(&e->held[i]);
    av_free(e->held);
    av_packet_free(&e->packet);
    encoder_close(&e->codec);
    encoded_free(&e->encoded);
    av_freep(encoder);
}
