/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/video.h"

#include "transcoder/encoder.h"
#include "transcoder/frame_queue.h"
#include "transcoder/scaler.h"
#include "transcoder/source.h"

/* One rendition on its thread: frames of the grid in, a chunk out. */
struct rung {
    const struct piece *piece;
    const struct plan_rendition *rendition;
    int divisor;          /* every which grid frame it takes */
    int64_t offset_ticks; /* of grid frame 0 */
    int64_t first_segment, segment_count;
    struct source_colours colours;
    struct frame_queue queue;
    struct scaler *scaler;
    AVFrame *source, *scaled; /* the latest picture, and what became of it */
    AVCodecContext *encoder;
    AVPacket *packet;
    struct packager *packager;
    int64_t segments_begun;
    struct failure failure;
    int result;
    pthread_t thread;
};

static int open_encoder(struct rung *rung)
{
    if (encoder_open(&rung->encoder, rung->rendition, &rung->colours, &rung->failure) < 0)
        return -1;
    struct packager_params params = {rung->rendition, rung->encoder, rung->first_segment};
    return packager_open(&rung->packager, &params, &rung->failure);
}

/* A packet's times, counted in frames by the encoder, become ticks of the lesson. */
static int take_packet(struct rung *rung)
{
    const struct plan_rendition *r = rung->rendition;
    AVPacket *packet = rung->packet;
    if (packet->flags & AV_PKT_FLAG_KEY) {
        if (packager_end_segment(rung->packager, &rung->failure) < 0)
            return -1;
        rung->segments_begun++;
    }
    packet->pts = packet->pts * r->frame_ticks + rung->offset_ticks;
    packet->dts = packet->dts * r->frame_ticks + rung->offset_ticks;
    packet->duration = r->frame_ticks;
    return packager_add(rung->packager, packet, &rung->failure);
}

/* Gives the encoder a frame, or the end (NULL), and packs what it has ready. */
static int encode(struct rung *rung, const AVFrame *frame)
{
    int error = avcodec_send_frame(rung->encoder, frame);
    while (error >= 0) {
        error = avcodec_receive_packet(rung->encoder, rung->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return 0;
        if (error >= 0) {
            int packed = take_packet(rung);
            av_packet_unref(rung->packet);
            if (packed < 0)
                return -1;
        }
    }
    return failure_from_av(&rung->failure, error, REASON_INTERNAL, rung->rendition->name);
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

static int encode_frame(struct rung *rung, const AVFrame *frame)
{
    int error = scale(rung, frame);
    if (error < 0)
        return failure_from_av(&rung->failure, error, REASON_DAMAGED, "scaling");
    rung->scaled->pts = frame->pts;
    rung->scaled->pict_type = frame->pict_type;
    return encode(rung, rung->scaled);
}

static int finish(struct rung *rung)
{
    if (encode(rung, NULL) < 0 || packager_end_segment(rung->packager, &rung->failure) < 0)
        return -1;
    if (rung->segments_begun != rung->segment_count)
        return failure_set(&rung->failure, REASON_INTERNAL, "%s: %lld segments instead of %lld",
            rung->rendition->name, (long long)rung->segments_begun, (long long)rung->segment_count);
    return piece_deliver(rung->piece, rung->rendition, rung->piece->job->chunk, rung->packager,
        rung->encoder, &rung->failure);
}

static void *run_rung(void *argument)
{
    struct rung *rung = argument;
    AVFrame *frame;
    while (rung->result == 0 && (frame = frame_queue_take(&rung->queue))) {
        rung->result = encode_frame(rung, frame);
        av_frame_free(&frame);
    }
    if (rung->result == 0 && frame_queue_complete(&rung->queue))
        rung->result = finish(rung);
    frame_queue_refuse(&rung->queue);
    return NULL;
}

/* Everything but the thread. What was opened is released by release_rung() in any case. */
static int open_rung(struct rung *rung, const struct media_info *info)
{
    const struct plan_rendition *r = rung->rendition;
    struct scaler_params params = {
        .width = r->width,
        .height = r->height,
        .format = AV_PIX_FMT_YUV420P,
        .in_matrix = rung->colours.matrix,
        .out_matrix = rung->colours.matrix,
    };
    rung->divisor = (int)av_rescale(info->fps_num, r->fps_den, (int64_t)info->fps_den * r->fps_num);
    if (rung->divisor < 1)
        return failure_set(&rung->failure, REASON_INTERNAL, "%s: frame rate", r->name);
    rung->offset_ticks = av_rescale(info->video_start_us, r->timescale, 1000000);
    rung->packet = av_packet_alloc();
    rung->source = av_frame_alloc();
    if (!rung->packet || !rung->source || scaler_open(&rung->scaler, &params) < 0)
        return failure_set(&rung->failure, REASON_OUT_OF_MEMORY, "%s", r->name);
    return open_encoder(rung);
}

static void release_rung(struct rung *rung)
{
    packager_close(&rung->packager);
    avcodec_free_context(&rung->encoder);
    av_packet_free(&rung->packet);
    av_frame_free(&rung->source);
    av_frame_free(&rung->scaled);
    scaler_close(&rung->scaler);
    frame_queue_destroy(&rung->queue);
}

static int start_rung(struct rung *rung, const struct piece *piece, const struct plan *plan)
{
    int64_t end;
    piece_segments(plan, piece->job->chunk, &rung->first_segment, &end);
    rung->segment_count = end - rung->first_segment;
    rung->piece = piece;
    frame_queue_init(&rung->queue);
    int result = open_rung(rung, &piece->job->info);
    if (result == 0 && pthread_create(&rung->thread, NULL, run_rung, rung) != 0)
        result = failure_set(&rung->failure, REASON_OUT_OF_MEMORY, "thread");
    if (result < 0)
        release_rung(rung);
    return result;
}

/* Hands one picture of the grid to all rungs that take it. */
static int hand_out(struct rung *rungs, size_t count, const AVFrame *frame, int64_t n,
    bool keyframe, struct failure *failure)
{
    for (size_t i = 0; i < count; i++) {
        if (n % rungs[i].divisor != 0)
            continue;
        int error = frame_queue_put(&rungs[i].queue, frame, n / rungs[i].divisor, keyframe);
        /* One that refuses has a failure of its own, which counts. */
        if (error < 0)
            return failure_from_av(failure, error, REASON_INTERNAL, rungs[i].rendition->name);
    }
    return 0;
}

static int feed(const struct piece *piece, const struct plan *plan, struct source *source,
    struct rung *rungs, size_t count, struct failure *failure)
{
    int64_t segment, last;
    piece_segments(plan, piece->job->chunk, &segment, &last);
    int64_t first_frame = plan_segment_start_frame(plan, segment),
            end = plan_segment_start_frame(plan, last);
    int result = 0;
    for (int64_t n = first_frame; n < end && result == 0; n++) {
        const AVFrame *frame;
        bool keyframe = n == plan_segment_start_frame(plan, segment);
        if (keyframe)
            segment++;
        result = source_frame(source, n, &frame, failure);
        if (result == 0)
            result = hand_out(rungs, count, frame, n, keyframe, failure);
        if (result == 0)
            result = report_progress(
                piece->report, (int)((n - first_frame) * 1000 / (end - first_frame)), failure);
    }
    return result;
}

/* Lets all rungs come to their end; the failure of any of them is that of the chunk. */
static int join(struct rung *rungs, size_t count, bool failed, struct failure *failure)
{
    int result = failed ? -1 : 0;
    for (size_t i = 0; i < count; i++) {
        if (failed)
            frame_queue_refuse(&rungs[i].queue);
        frame_queue_end(&rungs[i].queue);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(rungs[i].thread, NULL);
        if (rungs[i].result < 0) {
            result = -1;
            *failure = rungs[i].failure;
        }
        release_rung(&rungs[i]);
    }
    return result;
}

static int run_chunk(const struct piece *piece, const struct plan *plan, struct source *source,
    struct failure *failure)
{
    const struct job *job = piece->job;
    struct rung *rungs = av_calloc(job->rendition_count, sizeof(*rungs));
    if (!rungs)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "rungs");
    size_t started = 0;
    int result = 0;
    while (started < job->rendition_count && result == 0) {
        struct rung *rung = &rungs[started];
        rung->rendition = &job->renditions[started];
        source_colours(source, &rung->colours);
        result = start_rung(rung, piece, plan);
        if (result == 0)
            started++;
        else
            *failure = rung->failure;
    }
    if (result == 0)
        result = feed(piece, plan, source, rungs, started, failure);
    result = join(rungs, started, result < 0, failure);
    av_free(rungs);
    return result;
}

int video_run(const struct piece *piece, struct failure *failure)
{
    const struct job *job = piece->job;
    struct plan plan;
    if (plan_make(&job->info, &job->options, &plan) < 0 || !job->info.has_video ||
        job->chunk >= plan.chunk_count)
        return failure_set(failure, REASON_INTERNAL, "no chunk %d", job->chunk);
    int64_t segment, end;
    piece_segments(&plan, job->chunk, &segment, &end);
    struct source *source;
    if (source_open(&source, piece->source_fd, &job->info, plan_segment_start_frame(&plan, segment),
            failure) < 0)
        return -1;
    int result = run_chunk(piece, &plan, source, failure);
    source_close(&source);
    return result;
}
