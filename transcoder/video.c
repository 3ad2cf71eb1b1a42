/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/video.h"

#include <libavutil/mem.h>

#include "transcoder/rung.h"
#include "transcoder/source.h"

/* A chunk of a group of renditions: decoded once a pass, for all of them. */
struct chunk_work {
    const struct piece *piece;
    const struct plan *plan;
    int first, end; /* its segments */
    struct source *source;
    struct rung *rungs[PLAN_MAX_RENDITIONS];
    size_t rung_count;
    int done_permille;
};

static bool wanted(const struct chunk_work *w, int segment)
{
    for (size_t i = 0; i < w->rung_count; i++)
        if (rung_wants(w->rungs[i], segment))
            return true;
    return false;
}

static int wanted_count(const struct chunk_work *w)
{
    int count = 0;
    for (int segment = w->first; segment < w->end; segment++)
        count += wanted(w, segment);
    return count;
}

static int open_source(struct chunk_work *w, int segment, struct failure *failure)
{
    source_close(&w->source);
    return source_open(&w->source, w->piece->source_fd, &w->piece->job->info,
        plan_segment_start_frame(w->plan, segment), failure);
}

/* Gives a segment's pictures to all rungs that want it. want: which these are, as of the pass's
 * beginning. */
static int feed_segment(
    struct chunk_work *w, int segment, const bool *want, struct failure *failure)
{
    int64_t end = plan_segment_start_frame(w->plan, segment + 1);
    for (int64_t n = plan_segment_start_frame(w->plan, segment); n < end; n++) {
        const AVFrame *frame;
        if (source_frame(w->source, n, &frame, failure) < 0)
            return -1;
        for (size_t i = 0; i < w->rung_count; i++)
            /* One that fails has a failure of its own, which counts. */
            if (want[i] && rung_put(w->rungs[i], frame, n, segment) < 0)
                return failure_set(failure, REASON_OUT_OF_MEMORY, "frame");
    }
    return 0;
}

/* Which rungs want which segment stands at the beginning of a pass; their threads change it. */
static void note_wanted(const struct chunk_work *w, bool *want)
{
    for (int segment = w->first; segment < w->end; segment++)
        for (size_t i = 0; i < w->rung_count; i++)
            *want++ = rung_wants(w->rungs[i], segment);
}

static bool any(const bool *want, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (want[i])
            return true;
    return false;
}

/* A later pass never takes longer than the one before: each gets half of what is left of the
 * progress. */
static int feed(struct chunk_work *w, const bool *want, struct failure *failure)
{
    int count = wanted_count(w), fed = 0, at = -1;
    int share = (1000 - w->done_permille) / 2;
    for (int segment = w->first; segment < w->end; segment++, want += w->rung_count) {
        if (!any(want, w->rung_count))
            continue;
        if (segment != at && open_source(w, segment, failure) < 0)
            return -1;
        if (feed_segment(w, segment, want, failure) < 0 ||
            report_progress(w->piece->report, w->done_permille + share * ++fed / count, failure) <
                0)
            return -1;
        at = segment + 1;
    }
    w->done_permille += share;
    return 0;
}

static int run_pass(struct chunk_work *w, struct failure *failure)
{
    bool *want = av_calloc((size_t)(w->end - w->first) * w->rung_count, sizeof(*want));
    if (!want)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "pass");
    note_wanted(w, want);
    int result = 0;
    for (size_t i = 0; i < w->rung_count && result == 0; i++)
        result = rung_begin_pass(w->rungs[i], failure);
    if (result == 0)
        result = feed(w, want, failure);
    bool aborted = result < 0;
    for (size_t i = 0; i < w->rung_count; i++)
        if (rung_end_pass(w->rungs[i], aborted, failure) < 0)
            result = -1;
    av_free(want);
    return result;
}

static int open_rungs(struct chunk_work *w, int chunk, struct failure *failure)
{
    const struct job *job = w->piece->job;
    struct rung_params params = {.piece = w->piece, .plan = w->plan, .chunk = chunk};
    source_colours(w->source, &params.colours);
    for (size_t i = 0; i < job->rendition_count; i++) {
        params.rendition = &job->renditions[i];
        if (rung_open(&w->rungs[w->rung_count], &params, failure) < 0)
            return -1;
        w->rung_count++;
    }
    return 0;
}

static int run_chunk(struct chunk_work *w, int chunk, struct failure *failure)
{
    int result = open_source(w, w->first, failure);
    if (result == 0)
        result = open_rungs(w, chunk, failure);
    while (result == 0 && wanted_count(w) > 0)
        result = run_pass(w, failure);
    for (size_t i = 0; i < w->rung_count && result == 0; i++)
        result = rung_deliver(w->rungs[i], failure);
    for (size_t i = 0; i < w->rung_count; i++)
        rung_close(&w->rungs[i]);
    source_close(&w->source);
    return result;
}

int video_run(const struct piece *piece, struct failure *failure)
{
    const struct job *job = piece->job;
    struct plan *plan = av_malloc(sizeof(*plan));
    struct chunk_work work = {.piece = piece, .plan = plan};
    int result = -1;
    if (!plan || plan_make(&job->info, &job->options, plan) < 0 || !job->info.has_video ||
        job->chunk >= plan->chunk_count * plan->group_count) {
        failure_set(failure, REASON_INTERNAL, "no piece %d", job->chunk);
    } else {
        int chunk = plan_piece(plan, job->chunk).chunk;
        plan_chunk_segments(plan, &job->options, chunk, &work.first, &work.end);
        result = run_chunk(&work, chunk, failure);
    }
    av_free(plan);
    return result;
}
