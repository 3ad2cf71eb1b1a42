/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/video/frame_feed.h"

#include "transcoder/video/frame_queue.h"

struct frame_feed {
    const struct frame_consumer *consumer;
    void *context;
    struct frame_queue queue;
    struct scaler *scaler;
    AVFrame *source, *scaled; /* the latest frame, and its scaled version */
    struct failure failure;
    int result;
    bool running;
    pthread_t thread;
};

/* Scales a frame, unless it is the previous one again. */
static int scale_frame(struct frame_feed *f, const AVFrame *frame)
{
    if (f->source->buf[0] && f->source->buf[0]->data == frame->buf[0]->data)
        return 0;
    AVFrame *scaled = av_frame_alloc();
    int error = scaled ? scaler_run(f->scaler, frame, scaled) : AVERROR(ENOMEM);
    if (error >= 0) {
        av_frame_unref(f->source);
        error = av_frame_ref(f->source, frame);
        av_frame_free(&f->scaled);
        f->scaled = scaled;
        return error;
    }
    av_frame_free(&scaled);
    /* A frame that can't be scaled in the middle of a lesson: the last one is used again. */
    return f->scaled && error != AVERROR(ENOMEM) ? 0 : error;
}

static int consume(struct frame_feed *f, const AVFrame *frame)
{
    int error = scale_frame(f, frame);
    if (error < 0)
        return failure_from_av(&f->failure, error, REASON_DAMAGED, "scaling");
    f->scaled->pts = frame->pts;
    return f->consumer->take(f->context, f->scaled, &f->failure);
}

static void *run_pass(void *argument)
{
    struct frame_feed *f = argument;
    AVFrame *frame;
    while (f->result == 0 && (frame = frame_queue_take(&f->queue))) {
        f->result = consume(f, frame);
        av_frame_free(&frame);
    }
    if (f->result == 0 && frame_queue_complete(&f->queue))
        f->result = f->consumer->end(f->context, &f->failure);
    frame_queue_refuse(&f->queue);
    return NULL;
}

int frame_feed_open(struct frame_feed **out, const struct scaler_params *scaling,
    const struct frame_consumer *consumer, void *context)
{
    struct frame_feed *f = av_mallocz(sizeof(*f));
    *out = f;
    if (!f)
        return AVERROR(ENOMEM);
    f->consumer = consumer;
    f->context = context;
    f->source = av_frame_alloc();
    int error = f->source ? scaler_open(&f->scaler, scaling) : AVERROR(ENOMEM);
    if (error < 0)
        frame_feed_close(out);
    return error;
}

void frame_feed_close(struct frame_feed **feed)
{
    struct frame_feed *f = *feed;
    if (!f)
        return;
    av_frame_free(&f->source);
    av_frame_free(&f->scaled);
    scaler_close(&f->scaler);
    av_freep(feed);
}

int frame_feed_begin(struct frame_feed *f, struct failure *failure)
{
    frame_queue_init(&f->queue);
    if (pthread_create(&f->thread, NULL, run_pass, f) != 0) {
        frame_queue_destroy(&f->queue);
        return failure_set(failure, REASON_OUT_OF_MEMORY, "thread");
    }
    f->running = true;
    return 0;
}

int frame_feed_put(struct frame_feed *f, const AVFrame *picture, int64_t pts)
{
    return frame_queue_put(&f->queue, picture, pts) < 0 ? -1 : 0;
}

int frame_feed_end(struct frame_feed *f, bool aborted, struct failure *failure)
{
    if (!f->running)
        return 0;
    if (aborted)
        frame_queue_refuse(&f->queue);
    frame_queue_end(&f->queue);
    pthread_join(f->thread, NULL);
    frame_queue_destroy(&f->queue);
    f->running = false;
    if (f->result < 0)
        *failure = f->failure;
    return f->result;
}
