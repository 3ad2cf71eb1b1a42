/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bounded queue of frames, from a thread that decodes to a thread that encodes. */
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
    bool ended;   /* set by the putting thread: no more frames come */
    bool refused; /* no more frames are wanted; set by the taking thread, or to abort */
};

void frame_queue_init(struct frame_queue *queue);
void frame_queue_destroy(struct frame_queue *queue);
/* Waits for room and puts a reference to the frame. The reference gets the given pts and no picture
 * type, because the source's type means nothing to an encoder. Returns 0; AVERROR(ENOMEM); or
 * AVERROR_EOF: no more frames are wanted. */
int frame_queue_put(struct frame_queue *queue, const AVFrame *frame, int64_t pts);
/* Says that no more frames come. */
void frame_queue_end(struct frame_queue *queue);
/* Waits for a frame, which becomes the caller's, for av_frame_free(). Returns NULL at the end. */
AVFrame *frame_queue_take(struct frame_queue *queue);
/* Says that no more frames are wanted. A waiting frame_queue_put() returns. */
void frame_queue_refuse(struct frame_queue *queue);
/* Whether frame_queue_end() was called, and frame_queue_refuse() was not. */
bool frame_queue_complete(struct frame_queue *queue);

#endif
