/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/audio_job.h"

#include <pthread.h>
#include <string.h>

#include "transcoder/audio/fit.h"
#include "transcoder/plan/planner.h"

/* The state while the packets of one rendition are packed into chunks. */
struct track {
    const struct work *work;
    const struct plan *plan;
    const struct rendition *rendition;
    struct fitted_audio made;
    AVPacket *packet;
    struct cmaf *cmaf;
    int chunk;
    int segment, chunk_end_segment;
    int64_t first_sample; /* lesson time of the first sample, in samples */
};

static int begin_chunk(struct track *t, struct failure *failure)
{
    struct cmaf_params params = {t->rendition, t->made.encoder, t->segment};
    int first;
    plan_chunk_segments(t->plan, &t->work->job->options, t->chunk, &first, &t->chunk_end_segment);
    return cmaf_open(&t->cmaf, &params, failure);
}

static int end_chunk(struct track *t, struct failure *failure)
{
    if (cmaf_end_segment(t->cmaf, failure) < 0 ||
        deliver_chunk_and_init(t->work, t->rendition, t->chunk, t->cmaf, t->made.encoder, failure) <
            0)
        return -1;
    cmaf_close(&t->cmaf);
    t->chunk++;
    return 0;
}

static int next_segment(struct track *t, struct failure *failure)
{
    if (cmaf_end_segment(t->cmaf, failure) < 0)
        return -1;
    if (++t->segment < t->chunk_end_segment)
        return 0;
    return end_chunk(t, failure) < 0 ? -1 : begin_chunk(t, failure);
}

static int add_packet(struct track *t, size_t index, size_t offset, struct failure *failure)
{
    int frame = t->made.encoder->frame_size;
    int64_t end =
        audio_segment_packet(t->plan, t->rendition, frame, t->first_sample, t->segment + 1);
    while ((int64_t)index >= end && t->segment + 1 < t->plan->segment_count) {
        if (next_segment(t, failure) < 0)
            return -1;
        end = audio_segment_packet(t->plan, t->rendition, frame, t->first_sample, t->segment + 1);
    }
    AVPacket *packet = t->packet;
    if (av_new_packet(packet, t->made.packets.sizes[index]) < 0)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "packet");
    memcpy(packet->data, t->made.packets.bytes + offset, (size_t)packet->size);
    packet->pts = packet->dts = t->first_sample + (int64_t)index * frame;
    packet->duration = frame;
    packet->flags |= AV_PKT_FLAG_KEY;
    int result = cmaf_add(t->cmaf, packet, failure);
    av_packet_unref(packet);
    return result;
}

static int pack_chunks(struct track *t, struct failure *failure)
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

#define MAX_THREADS 8

struct track_work {
    const struct work *work;
    const struct plan *plan;
    struct pcm_cache *pcm;
    int source_audio;
    pthread_mutex_t mutex;
    size_t next;   /* next rendition to make; the mutex protects this and all members below */
    int *permille; /* progress of each rendition */
    int result;
    struct failure failure;
};

/* The rendition that a thread makes. */
struct task {
    struct track_work *work;
    size_t index;
};

static int add_progress(void *context, int permille, struct failure *failure)
{
    const struct task *task = context;
    struct track_work *w = task->work;
    int count = (int)w->work->job->rendition_count, sum = 0;
    pthread_mutex_lock(&w->mutex);
    /* A second test encode of the whole track does not lower the progress. */
    if (permille > w->permille[task->index])
        w->permille[task->index] = permille;
    for (int i = 0; i < count; i++)
        sum += w->permille[i];
    pthread_mutex_unlock(&w->mutex);
    /* There is at least one rendition: this task makes it. */
    return report_progress(w->work->report, count > 0 ? sum / count : 0, failure);
}

static int make_rendition(struct task *task, struct failure *failure)
{
    const struct track_work *w = task->work;
    const struct rendition *rendition = &w->work->job->renditions[task->index];
    struct track t = {.work = w->work, .plan = w->plan, .rendition = rendition};
    struct fit_params job = {&w->work->job->info, w->plan, w->pcm, add_progress, task};
    t.first_sample = audio_first_sample(&w->work->job->info, rendition);
    int result = fit_rendition(&job, rendition, &t.made, failure);
    if (result == 0)
        result = pack_chunks(&t, failure);
    cmaf_close(&t.cmaf);
    av_packet_free(&t.packet);
    fitted_audio_clear(&t.made);
    return result;
}

/* Returns the index of the track's next rendition. If there is none, or if one has failed,
 * returns a number that is not below the number of renditions. */
static size_t take_next(struct track_work *w)
{
    const struct job *job = w->work->job;
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
    struct track_work *w = context;
    struct task task = {.work = w};
    while ((task.index = take_next(w)) < w->work->job->rendition_count) {
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

/* Makes all renditions of one track. first: index of the track's first rendition. */
static int make_track(struct track_work *w, size_t first, struct failure *failure)
{
    const struct job *job = w->work->job;
    struct pcm_cache_params params = {
        .source_fd = w->work->source_fd, .info = &job->info, .rendition = &job->renditions[first]};
    if (pcm_cache_open(&w->pcm, &params, failure) < 0)
        return -1;
    w->source_audio = job->renditions[first].source_audio;
    w->next = first;
    pthread_t ids[MAX_THREADS];
    int started = 0;
    while (started < job->threads - 1 && started < MAX_THREADS &&
           pthread_create(&ids[started], NULL, run_thread, w) == 0)
        started++;
    run_thread(w);
    for (int i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    pcm_cache_close(&w->pcm);
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

int audio_job_run(const struct work *work, struct failure *failure)
{
    const struct job *job = work->job;
    struct plan *plan = av_malloc(sizeof(*plan));
    int permille[PLAN_MAX_RENDITIONS] = {0};
    struct track_work w = {.work = work, .plan = plan, .permille = permille};
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
