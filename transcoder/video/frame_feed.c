/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/video/frame_feed.h"

#include "transcoder/video/frame_queue.h"

struct frame_feed {
    const struct frame_consumer *taker;
    void *context;
    struct frame_queue queue;
    struct scaler *scaler;
    AVFrame *source, *scaled; /* the latest picture, and what became of it */
    struct failure failure;
    int result;
    bool running;
    pthread_t thread;
};

/* Scales a picture, unless it is the one before it, held. */
static int scale(struct frame_feed *in, const AVFrame *frame)
{
    if (in->source->buf[0] && in->source->buf[0]->data == frame->buf[0]->data)
        return 0;
    AVFrame *scaled = av_frame_alloc();
    int error = scaled ? scaler_run(in->scaler, frame, scaled) : AVERROR(ENOMEM);
    if (error >= 0) {
        av_frame_unref(in->source);
        error = av_frame_ref(in->source, frame);
        av_frame_free(&in->scaled);
        in->scaled = scaled;
        return error;
    }
    av_frame_free(&scaled);
    /* A picture that can't be shown in the middle: the last one is held. */
    return in->scaled && error != AVERROR(ENOMEM) ? 0 : error;
}

static int take(struct frame_feed *in, const AVFrame *frame)
{
    int error = scale(in, frame);
    if (error < 0)
        return failure_from_av(&in->failure, error, REASON_DAMAGED, "scaling");
    in->scaled->pts = frame->pts;
    return in->taker->take(in->context, in->scaled, &in->failure);
}

static void *run_pass(void *argument)
{
    struct frame_feed *in = argument;
    AVFrame *frame;
    while (in->result == 0 && (frame = frame_queue_take(&in->queue))) {
        in->result = take(in, frame);
        av_frame_free(&frame);
    }
    if (in->result == 0 && frame_queue_complete(&in->queue))
        in->result = in->taker->end(in->context, &in->failure);
    frame_queue_refuse(&in->queue);
    return NULL;
}

int frame_feed_open(struct frame_feed **out, const struct scaler_params *scaling,
    const struct frame_consumer *taker, void *context)
{
    struct frame_feed *in = av_mallocz(sizeof(*in));
    *out = in;
    if (!in)
        return AVERROR(ENOMEM);
    in->taker = taker;
    in->context = context;
    in->source = av_frame_alloc();
    int error = in->source ? scaler_open(&in->scaler, scaling) : AVERROR(ENOMEM);
    if (error < 0)
        frame_feed_close(out);
    return error;
}

void frame_feed_close(struct frame_feed **intake)
{
    struct frame_feed *in = *intake;
    if (!in)
        return;
    av_frame_free(&in->source);
    av_frame_free(&in->scaled);
    scaler_close(&in->scaler);
    av_freep(intake);
}

int frame_feed_begin(struct frame_feed *in, struct failure *failure)
{
    frame_queue_init(&in->queue);
    if (pthread_create(&in->thread, NULL, run_pass, in) != 0) {
        frame_queue_destroy(&in->queue);
        return failure_set(failure, REASON_OUT_OF_MEMORY, "thread");
    }
    in->running = true;
    return 0;
}

int frame_feed_put(struct frame_feed *in, const AVFrame *picture, int64_t pts)
{
    return frame_queue_put(&in->queue, picture, pts) < 0 ? -1 : 0;
}

int frame_feed_end(struct frame_feed *in, bool aborted, struct failure *failure)
{
    if (!in->running)
        return 0;
    if (aborted)
        frame_queue_refuse(&in->queue);
    frame_queue_end(&in->queue);
    pthread_join(in->thread, NULL);
    frame_queue_destroy(&in->queue);
    in->running = false;
    if (in->result < 0)
        *failure = in->failure;
    return in->result;
}
