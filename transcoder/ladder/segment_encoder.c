/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/ladder/segment_encoder.h"

#include <math.h>
#include <stdio.h>

#include "transcoder/video/encoder.h"

/* What the first guess and a new beginning aim at, as shares of the limit, where the CRF can follow
 * the pictures and where it can't (whole numbers that are rounded up, and a trial of the keyframe,
 * leave enough: 0.88 to 0.95 in a lecture); and what the pictures under way may come to. */
#define AIMED_AT 0.92
#define AIMED_AT_UNSTEERED 1.0
#define STEERED_TO 0.97
/*
 * An encoder that can't be steered, nor stopped in the midst, is begun once, at the CRF that suits
 * the keyframe; what that takes, a trial says that shows the first picture for a moment, with a
 * preset of half the time. Where it stands for as long as on slides its keyframe gets more bytes,
 * by this.
 */
#define TRIAL_PRESET "12"
#define TRIAL_PICTURES 8
#define KEYFRAME_STANDS 1.22
/* New beginnings once the keyframe is there, and how far off the CRF must be to be worth one. */
#define MAX_RESTARTS 3
#define WORTH_RESTART_X10 10
/* Within a segment the CRF moves by this much a picture at the most: what one sees is steady. */
#define COARSER_STEP_X10 10
#define FINER_STEP_X10 2
/* The model's word counts as much as that many seconds of pictures seen. */
#define MODEL_WEIGHT_S 3.0
/* Container: a fragment's boxes, and what a picture costs in them; measured on libavformat's. */
#define FRAGMENT_BYTES 110
#define FRAGMENT_S 2.0
#define PICTURE_BYTES 16

struct segment_encoder {
    struct segment_encoder_params params;
    struct encoder_range range;
    double frame_s;
    double budget_bytes; /* for packets: the limit less the container's */
    AVCodecContext *codec;
    AVPacket *packet;
    /* The pictures given so far, until it is sure that they are not needed for a new beginning. */
    AVFrame **held;
    int held_count, sent_count;
    int given;
    int begin_crf_x10, crf_x10; /* at the segment's beginning, and in force */
    int restarts;
    bool restart, steady; /* to be begun anew; the beginning stands */
    bool ended;
    double bytes; /* of packets */
    double seen_bytes,
        expected_bytes; /* of pictures after the keyframe; by the model at their CRFs */
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

/* ---- which CRF ---- */

static int rest_frames(const struct segment_encoder *e)
{
    return e->params.frames - (int)e->encoded.count;
}

/* Of the whole segment, before anything of it is known but (keyframe_bytes > 0) its keyframe. */
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

static void judge_keyframe(struct segment_encoder *e)
{
    int suitable = suitable_crf(e, (double)e->encoded.keyframe_bytes);
    e->restart = e->range.steerable && e->restarts < MAX_RESTARTS &&
                 abs(suitable - e->begin_crf_x10) >= WORTH_RESTART_X10;
    e->steady = !e->restart;
    if (e->restart)
        e->begin_crf_x10 = suitable;
}

/* The CRF for the pictures that come, by what those so far took. */
static int steer(struct segment_encoder *e)
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
        judge_keyframe(e);
        return 0;
    }
    e->seen_bytes += e->packet->size;
    e->expected_bytes += rate_model_rest_bytes(e->params.model, e->crf_x10 / 10.0, e->frame_s);
    return e->range.steerable && rest_frames(e) > 0 ? steer(e) : 0;
}

/* Gives the encoder a picture, or the end (NULL), and takes what it has ready; stops where the
 * segment is to be begun anew. */
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

/* ---- pictures ---- */

static void release_sent(struct segment_encoder *e)
{
    for (int i = 0; i < e->sent_count; i++)
        av_frame_free(&e->held[i]);
}

static int begin(struct segment_encoder *e, struct failure *failure)
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

/* What the keyframe takes of a segment that begins with that picture; the codec is used up. 0 or a
 * negative AVERROR. */
static int try_keyframe(
    struct segment_encoder *e, AVCodecContext *codec, const AVFrame *picture, double *bytes)
{
    AVFrame *frame = av_frame_clone(picture);
    int error = frame ? 0 : AVERROR(ENOMEM);
    for (int i = 0; i <= TRIAL_PICTURES && error >= 0; i++) {
        frame->pts = i;
        frame->pict_type = i == 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
        error = avcodec_send_frame(codec, i < TRIAL_PICTURES ? frame : NULL);
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

/* Sets the CRF to begin at by the first picture. */
static int suit_keyframe(struct segment_encoder *e, const AVFrame *picture, struct failure *failure)
{
    struct rendition trial = *e->params.rendition;
    AVCodecContext *codec = NULL;
    double bytes = 0;
    snprintf(trial.preset, sizeof(trial.preset), TRIAL_PRESET);
    if (segment_encoder_codec(&trial, &e->params.colours, e->begin_crf_x10, &codec, failure) < 0)
        return -1;
    int error = try_keyframe(e, codec, picture, &bytes);
    encoder_close(&codec);
    if (error < 0)
        return fail(e, error, failure);
    e->begin_crf_x10 = suitable_crf(e, bytes);
    return 0;
}

/* Sends what is there to be sent, from the beginning again where that is called for. */
static int send(struct segment_encoder *e, struct failure *failure)
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
        if (begin(e, failure) < 0)
            return -1;
    }
    if (e->steady)
        release_sent(e);
    return 0;
}

static int hold(struct segment_encoder *e, const AVFrame *picture)
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
    int error = hold(encoder, picture);
    if (error < 0)
        return fail(encoder, error, failure);
    if (encoder->given == 1 &&
        ((!encoder->range.steerable && suit_keyframe(encoder, picture, failure) < 0) ||
            begin(encoder, failure) < 0))
        return -1;
    return send(encoder, failure);
}

int segment_encoder_finish(
    struct segment_encoder *encoder, struct encoded *out, struct failure *failure)
{
    struct segment_encoder *e = encoder;
    e->ended = true;
    if (e->given > 0 && send(e, failure) < 0)
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
    e->budget_bytes = (double)params->limit_bytes - params->frames * PICTURE_BYTES -
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
