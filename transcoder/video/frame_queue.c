/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/video/frame_queue.h"

void frame_queue_init(struct frame_queue *queue)
{
    *queue = (struct frame_queue){.count = 0};
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->changed, NULL);
}

void frame_queue_destroy(struct frame_queue *queue)
{
    for (int i = 0; i < queue->count; i++)
        av_frame_free(&queue->frames[(queue->first + i) % FRAME_QUEUE_LENGTH]);
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->mutex);
}

int frame_queue_put(struct frame_queue *queue, const AVFrame *frame, int64_t pts)
{
    AVFrame *copy = av_frame_clone(frame);
    if (!copy)
        return AVERROR(ENOMEM);
    copy->pts = pts;
    copy->pict_type = AV_PICTURE_TYPE_NONE;
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == FRAME_QUEUE_LENGTH && !queue->refused)
        pthread_cond_wait(&queue->changed, &queue->mutex);
    bool refused = queue->refused;
    if (!refused)
        queue->frames[(queue->first + queue->count++) % FRAME_QUEUE_LENGTH] = copy;
    pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
    if (refused)
        av_frame_free(&copy);
    return refused ? AVERROR_EOF : 0;
}

void frame_queue_end(struct frame_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->ended = true;
    pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}

AVFrame *frame_queue_take(struct frame_queue *queue)
{
    AVFrame *frame = NULL;
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == 0 && !queue->ended)
        pthread_cond_wait(&queue->changed, &queue->mutex);
    if (queue->count > 0) {
        frame = queue->frames[queue->first];
        queue->first = (queue->first + 1) % FRAME_QUEUE_LENGTH;
        queue->count--;
    }
    pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
    return frame;
}

void frame_queue_refuse(struct frame_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->refused = true;
    pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}

bool frame_queue_complete(struct frame_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    bool complete = queue->ended && !queue->refused;
    pthread_mutex_unlock(&queue->mutex);
    return complete;
}
