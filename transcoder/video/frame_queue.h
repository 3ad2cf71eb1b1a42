/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bounded queue of frames between the thread that decodes and one that encodes. */
#ifndef TRANSCODER_VIDEO_FRAME_QUEUE_H
#define TRANSCODER_VIDEO_FRAME_QUEUE_H
#include <libavutil/frame.h>
#include <pthread.h>
#include <stdbool.h>

#define FRAME_QUEUE_LENGTH 4

struct frame_queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    AVFrame *frames[FRAME_QUEUE_LENGTH];
    int first, count;
    bool ended;   /* by the one that puts: nothing more comes */
    bool refused; /* by the one that takes: nothing more is wanted */
};

void frame_queue_init(struct frame_queue *queue);
void frame_queue_destroy(struct frame_queue *queue);
/* Waits for room and puts a reference to frame, its pts as given, its type left to the encoder. 0;
 * a negative AVERROR: out of memory, or AVERROR_EOF: the other side wants no more. */
int frame_queue_put(struct frame_queue *queue, const AVFrame *frame, int64_t pts);
void frame_queue_end(struct frame_queue *queue);
/* Waits for a frame; the caller's (av_frame_free). NULL at the end. */
AVFrame *frame_queue_take(struct frame_queue *queue);
void frame_queue_refuse(struct frame_queue *queue);
/* Whether the one that puts came to its end with nobody having refused. */
bool frame_queue_complete(struct frame_queue *queue);

#endif
