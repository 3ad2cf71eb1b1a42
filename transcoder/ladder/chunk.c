/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/ladder/chunk.h"

#include <libavutil/mem.h>

#include "transcoder/ladder/legacy.h"
#include "transcoder/ladder/rung.h"
#include "transcoder/video/source.h"
#include "transcoder/plan/planner.h"

/* A chunk of a group of renditions: decoded once a pass, for all of them. Rungs may want further
 * passes over some segments; the legacy rendition takes the first one, whole. */
struct chunk_work {
    const struct piece *piece;
    const struct plan *plan;
    int first, end; /* its segments */
    struct source *source;
    struct rung *rungs[PLAN_MAX_RENDITIONS];
    size_t rung_count;
    struct legacy *legacy; /* NULL: none, or it has had its pass */
    int done_permille;
};

static bool wanted(const struct chunk_work *w, int segment)
{
    if (w->legacy)
        return true;
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
        if (w->legacy && legacy_put(w->legacy, frame, n) < 0)
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
        if (!w->legacy && !any(want, w->rung_count))
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

static int begin_pass(struct chunk_work *w, struct failure *failure)
{
    for (size_t i = 0; i < w->rung_count; i++)
        if (rung_begin_pass(w->rungs[i], failure) < 0)
            return -1;
    return w->legacy ? legacy_begin_pass(w->legacy, failure) : 0;
}

/* Ends the pass for all that began it. The legacy chunk is then complete. */
static int end_pass(struct chunk_work *w, bool aborted, struct failure *failure)
{
    int result = aborted ? -1 : 0;
    for (size_t i = 0; i < w->rung_count; i++)
        if (rung_end_pass(w->rungs[i], aborted, failure) < 0)
            result = -1;
    if (w->legacy && legacy_end_pass(w->legacy, aborted, failure) < 0)
        result = -1;
    if (w->legacy && result == 0)
        result = legacy_deliver(w->legacy, failure);
    legacy_close(&w->legacy);
    return result;
}

static int run_pass(struct chunk_work *w, struct failure *failure)
{
    bool *want = av_calloc((size_t)(w->end - w->first) * (w->rung_count + 1), sizeof(*want));
    if (!want)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "pass");
    note_wanted(w, want);
    int result = begin_pass(w, failure);
    if (result == 0)
        result = feed(w, want, failure);
    result = end_pass(w, result < 0, failure);
    av_free(want);
    return result;
}

static int open_rung(
    struct chunk_work *w, const struct plan_rendition *rendition, struct failure *failure)
{
    struct rung_params params = {.piece = w->piece, .plan = w->plan, .rendition = rendition};
    source_colours(w->source, &params.colours);
    return rung_open(&w->rungs[w->rung_count++], &params, failure);
}

/* sound: the rendition that stands behind it in the job, if one does. */
static int open_legacy(struct chunk_work *w, const struct plan_rendition *rendition,
    const struct plan_rendition *sound, struct failure *failure)
{
    struct legacy_params params = {
        .piece = w->piece, .plan = w->plan, .rendition = rendition, .sound_rendition = sound};
    source_colours(w->source, &params.colours);
    return legacy_open(&w->legacy, &params, failure);
}

static int open_renditions(struct chunk_work *w, struct failure *failure)
{
    const struct job *job = w->piece->job;
    const struct plan_rendition *end = job->renditions + job->rendition_count;
    int result = 0;
    for (const struct plan_rendition *r = job->renditions; r < end && result == 0; r++) {
        if (r->kind == PLAN_VIDEO)
            result = open_rung(w, r, failure);
        else if (r->kind == PLAN_LEGACY)
            result = open_legacy(w, r, r + 1 < end ? r + 1 : NULL, failure);
    }
    return result;
}

static int run_chunk(struct chunk_work *w, struct failure *failure)
{
    int result = open_source(w, w->first, failure);
    if (result == 0)
        result = open_renditions(w, failure);
    while (result == 0 && wanted_count(w) > 0)
        result = run_pass(w, failure);
    for (size_t i = 0; i < w->rung_count && result == 0; i++)
        result = rung_deliver(w->rungs[i], failure);
    for (size_t i = 0; i < w->rung_count; i++)
        rung_close(&w->rungs[i]);
    legacy_close(&w->legacy);
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
        job->chunk >= plan->chunk_count) {
        failure_set(failure, REASON_INTERNAL, "no chunk %d", job->chunk);
    } else {
        plan_chunk_segments(plan, &job->options, job->chunk, &work.first, &work.end);
        result = run_chunk(&work, failure);
    }
    av_free(plan);
    return result;
}
