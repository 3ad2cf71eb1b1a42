/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/audio_job.h"

#include <pthread.h>
#include <string.h>

#include "transcoder/audio/fit.h"
#include "transcoder/plan/planner.h"

/* One rendition on its way from packets to chunks. */
struct track {
    const struct piece *piece;
    const struct plan *plan;
    const struct plan_rendition *rendition;
    struct sound_made made;
    AVPacket *packet;
    struct packager *packager;
    int chunk;
    int segment, chunk_end_segment;
    int64_t first_sample; /* lesson time, at the rendition's rate */
};

static int begin_chunk(struct track *t, struct failure *failure)
{
    struct packager_params params = {t->rendition, t->made.encoder, t->segment};
    int first;
    plan_chunk_segments(t->plan, &t->piece->job->options, t->chunk, &first, &t->chunk_end_segment);
    return packager_open(&t->packager, &params, failure);
}

static int end_chunk(struct track *t, struct failure *failure)
{
    if (packager_end_segment(t->packager, failure) < 0 ||
        piece_deliver(t->piece, t->rendition, t->chunk, t->packager, t->made.encoder, failure) < 0)
        return -1;
    packager_close(&t->packager);
    t->chunk++;
    return 0;
}

static int next_segment(struct track *t, struct failure *failure)
{
    if (packager_end_segment(t->packager, failure) < 0)
        return -1;
    if (++t->segment < t->chunk_end_segment)
        return 0;
    return end_chunk(t, failure) < 0 ? -1 : begin_chunk(t, failure);
}

static int add_packet(struct track *t, size_t index, size_t offset, struct failure *failure)
{
    int frame = t->made.encoder->frame_size;
    int64_t end =
        sound_segment_packet(t->plan, t->rendition, frame, t->first_sample, t->segment + 1);
    while ((int64_t)index >= end && t->segment + 1 < t->plan->segment_count) {
        if (next_segment(t, failure) < 0)
            return -1;
        end = sound_segment_packet(t->plan, t->rendition, frame, t->first_sample, t->segment + 1);
    }
    AVPacket *packet = t->packet;
    if (av_new_packet(packet, t->made.packets.sizes[index]) < 0)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "packet");
    memcpy(packet->data, t->made.packets.bytes + offset, (size_t)packet->size);
    packet->pts = packet->dts = t->first_sample + (int64_t)index * frame;
    packet->duration = frame;
    packet->flags |= AV_PKT_FLAG_KEY;
    int result = packager_add(t->packager, packet, failure);
    av_packet_unref(packet);
    return result;
}

static int package(struct track *t, struct failure *failure)
{
    size_t offset = 0;
    t->packet = av_packet_alloc();
    if (!t->packet)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "packet");
    if (begin_chunk(t, failure) < 0)
        return -1;
    for (size_t i = 0; i < t->made.packets.count; i++) {
        if (add_packet(t, i, offset, failure) < 0)
            return -1;
        offset += t->made.packets.sizes[i];
    }
    if (end_chunk(t, failure) < 0)
        return -1;
    return t->chunk == t->plan->chunk_count
               ? 0
               : failure_set(failure, REASON_INTERNAL, "%s: %d chunks instead of %d",
                     t->rendition->name, t->chunk, t->plan->chunk_count);
}

/* ---- the renditions of one track, in threads ---- */

#define MOST_THREADS 8

struct work {
    const struct piece *piece;
    const struct plan *plan;
    struct sound_pcm *pcm;
    int source_audio;
    pthread_mutex_t mutex;
    size_t next;   /* under the mutex, as all that follows */
    int *permille; /* of each rendition */
    int result;
    struct failure failure;
};

/* What a thread makes. */
struct task {
    struct work *work;
    size_t index;
};

static int add_progress(void *context, int permille, struct failure *failure)
{
    const struct task *task = context;
    struct work *w = task->work;
    int count = (int)w->piece->job->rendition_count, sum = 0;
    pthread_mutex_lock(&w->mutex);
    /* A second attempt takes nothing back. */
    if (permille > w->permille[task->index])
        w->permille[task->index] = permille;
    for (int i = 0; i < count; i++)
        sum += w->permille[i];
    pthread_mutex_unlock(&w->mutex);
    return report_progress(w->piece->report, sum / count, failure);
}

static int make_rendition(struct task *task, struct failure *failure)
{
    const struct work *w = task->work;
    const struct plan_rendition *rendition = &w->piece->job->renditions[task->index];
    struct track t = {.piece = w->piece, .plan = w->plan, .rendition = rendition};
    struct sound_job job = {&w->piece->job->info, w->plan, w->pcm, add_progress, task};
    t.first_sample = sound_first(&w->piece->job->info, rendition);
    int result = sound_settle(&job, rendition, &t.made, failure);
    if (result == 0)
        result = package(&t, failure);
    packager_close(&t.packager);
    av_packet_free(&t.packet);
    sound_made_clear(&t.made);
    return result;
}

/* The next rendition of the track, or the number of all if there is none. */
static size_t take_next(struct work *w)
{
    const struct job *job = w->piece->job;
    pthread_mutex_lock(&w->mutex);
    while (
        w->next < job->rendition_count && job->renditions[w->next].source_audio != w->source_audio)
        w->next++;
    size_t index = w->result == 0 ? w->next++ : job->rendition_count;
    pthread_mutex_unlock(&w->mutex);
    return index;
}

static void *run_thread(void *context)
{
    struct work *w = context;
    struct task task = {.work = w};
    while ((task.index = take_next(w)) < w->piece->job->rendition_count) {
        struct failure failure;
        if (make_rendition(&task, &failure) == 0)
            continue;
        pthread_mutex_lock(&w->mutex);
        if (w->result == 0)
            w->failure = failure;
        w->result = -1;
        pthread_mutex_unlock(&w->mutex);
    }
    return NULL;
}

/* All renditions of the track that the rendition `first` is made of. */
static int make_track(struct work *w, size_t first, struct failure *failure)
{
    const struct job *job = w->piece->job;
    struct sound_pcm_params params = {
        .source_fd = w->piece->source_fd, .info = &job->info, .rendition = &job->renditions[first]};
    pthread_t ids[MOST_THREADS];
    int started = 0;
    if (sound_pcm_open(&w->pcm, &params, failure) < 0)
        return -1;
    w->source_audio = job->renditions[first].source_audio;
    w->next = first;
    while (started < job->threads - 1 && started < MOST_THREADS &&
           pthread_create(&ids[started], NULL, run_thread, w) == 0)
        started++;
    run_thread(w);
    for (int i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    sound_pcm_close(&w->pcm);
    if (w->result < 0)
        *failure = w->failure;
    return w->result;
}

static bool is_first_of_track(const struct job *job, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (job->renditions[i].source_audio == job->renditions[index].source_audio)
            return false;
    return true;
}

int audio_run(const struct piece *piece, struct failure *failure)
{
    const struct job *job = piece->job;
    struct plan *plan = av_malloc(sizeof(*plan));
    int permille[PLAN_MAX_RENDITIONS] = {0};
    struct work w = {.piece = piece, .plan = plan, .permille = permille};
    pthread_mutex_init(&w.mutex, NULL);
    int result = plan && plan_make(&job->info, &job->options, plan) == 0
                     ? 0
                     : failure_set(failure, REASON_INTERNAL, "no plan");
    for (size_t i = 0; i < job->rendition_count && result == 0; i++)
        if (is_first_of_track(job, i))
            result = make_track(&w, i, failure);
    pthread_mutex_destroy(&w.mutex);
    av_free(plan);
    return result;
}
