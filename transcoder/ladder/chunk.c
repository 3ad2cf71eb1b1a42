/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/ladder/chunk.h"

#include <libavutil/mem.h>

#include "transcoder/ladder/legacy.h"
#include "transcoder/ladder/rung.h"
#include "transcoder/plan/planner.h"
#include "transcoder/video/source.h"

/* The state while a chunk of a group of renditions is made. Each pass decodes the wanted segments
 * once for all of them. */
struct chunk_work {
    const struct work *work;
    const struct plan *plan;
    int first, end; /* segments of the chunk; end is one past the last */
    struct source *source;
    struct frame_sink sinks[PLAN_MAX_RENDITIONS]; /* the sinks that still want frames */
    size_t sink_count;
    int done_permille;
};

static int open_source(struct chunk_work *w, int segment, struct failure *failure)
{
    source_close(&w->source);
    return source_open(&w->source, w->work->source_fd, &w->work->job->info,
        plan_segment_start_frame(w->plan, segment), failure);
}

static bool any_true(const bool *want, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (want[i])
            return true;
    return false;
}

/* Notes which sinks want which segment, with one row for each segment. A copy is needed, because
 * the threads of the sinks change their wishes during a pass. Returns the number of wanted
 * segments. */
static int note_wanted(const struct chunk_work *w, bool *want)
{
    int count = 0;
    for (int segment = w->first; segment < w->end; segment++, want += w->sink_count) {
        for (size_t i = 0; i < w->sink_count; i++)
            want[i] = w->sinks[i].ops->wants(w->sinks[i].sink, segment);
        count += any_true(want, w->sink_count);
    }
    return count;
}

/* Gives a segment's frames to the sinks that want it. */
static int feed_segment(
    struct chunk_work *w, int segment, const bool *want, struct failure *failure)
{
    int64_t end = plan_segment_start_frame(w->plan, segment + 1);
    for (int64_t n = plan_segment_start_frame(w->plan, segment); n < end; n++) {
        const AVFrame *frame;
        if (source_frame(w->source, n, &frame, failure) < 0)
            return -1;
        for (size_t i = 0; i < w->sink_count; i++)
            /* If the thread of the sink failed, end_pass() reports the real failure. */
            if (want[i] && w->sinks[i].ops->put(w->sinks[i].sink, frame, n, segment) < 0)
                return failure_set(failure, REASON_OUT_OF_MEMORY, "frame");
    }
    return 0;
}

/* Feeds the `count` wanted segments to the sinks. A later pass has no more segments than the one
 * before, so each pass gets half of the remaining progress. */
static int feed_wanted(struct chunk_work *w, const bool *want, int count, struct failure *failure)
{
    int fed = 0, at = -1;
    int share = (1000 - w->done_permille) / 2;
    if (count == 0)
        return 0;
    for (int segment = w->first; segment < w->end; segment++, want += w->sink_count) {
        if (!any_true(want, w->sink_count))
            continue;
        if (segment != at && open_source(w, segment, failure) < 0)
            return -1;
        if (feed_segment(w, segment, want, failure) < 0 ||
            report_progress(w->work->report, w->done_permille + share * ++fed / count, failure) < 0)
            return -1;
        at = segment + 1;
    }
    w->done_permille += share;
    return 0;
}

static int begin_pass(struct chunk_work *w, struct failure *failure)
{
    for (size_t i = 0; i < w->sink_count; i++)
        if (w->sinks[i].ops->begin_pass(w->sinks[i].sink, failure) < 0)
            return -1;
    return 0;
}

/* Ends the pass of every sink, also of those whose pass did not begin. */
static int end_pass(struct chunk_work *w, bool aborted, struct failure *failure)
{
    int result = aborted ? -1 : 0;
    for (size_t i = 0; i < w->sink_count; i++)
        if (w->sinks[i].ops->end_pass(w->sinks[i].sink, aborted, failure) < 0)
            result = -1;
    return result;
}

static bool wants_nothing(const struct chunk_work *w, const struct frame_sink *sink)
{
    for (int segment = w->first; segment < w->end; segment++)
        if (sink->ops->wants(sink->sink, segment))
            return false;
    return true;
}

/* Delivers the chunks of the sinks that want no more segments, and closes these sinks. */
static int deliver_complete(struct chunk_work *w, struct failure *failure)
{
    int result = 0;
    size_t left = 0;
    for (size_t i = 0; i < w->sink_count; i++) {
        struct frame_sink sink = w->sinks[i];
        if (result == 0 && wants_nothing(w, &sink)) {
            result = sink.ops->deliver(sink.sink, failure);
            sink.ops->close(sink.sink);
        } else {
            w->sinks[left++] = sink;
        }
    }
    w->sink_count = left;
    return result;
}

static int run_pass(struct chunk_work *w, struct failure *failure)
{
    bool *want = av_calloc((size_t)(w->end - w->first) * w->sink_count, sizeof(*want));
    if (!want)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "pass");
    int count = note_wanted(w, want);
    int result = begin_pass(w, failure);
    if (result == 0)
        result = feed_wanted(w, want, count, failure);
    result = end_pass(w, result < 0, failure);
    av_free(want);
    return result == 0 ? deliver_complete(w, failure) : result;
}

static int open_rung(
    struct chunk_work *w, const struct rendition *rendition, struct failure *failure)
{
    struct rung_params params = {.work = w->work, .plan = w->plan, .rendition = rendition};
    source_colours(w->source, &params.colours);
    return rung_open(&w->sinks[w->sink_count], &params, failure);
}

/* audio: the rendition that follows the legacy rendition in the job; NULL: the lesson has no
 * audio. */
static int open_legacy(struct chunk_work *w, const struct rendition *rendition,
    const struct rendition *audio, struct failure *failure)
{
    struct legacy_params params = {
        .work = w->work, .plan = w->plan, .rendition = rendition, .audio_rendition = audio};
    source_colours(w->source, &params.colours);
    return legacy_open(&w->sinks[w->sink_count], &params, failure);
}

static int open_sinks(struct chunk_work *w, struct failure *failure)
{
    const struct job *job = w->work->job;
    const struct rendition *end = job->renditions + job->rendition_count;
    for (const struct rendition *r = job->renditions; r < end; r++) {
        if (r->kind != RENDITION_VIDEO && r->kind != RENDITION_LEGACY)
            continue;
        int result = r->kind == RENDITION_VIDEO
                         ? open_rung(w, r, failure)
                         : open_legacy(w, r, r + 1 < end ? r + 1 : NULL, failure);
        if (result < 0)
            return -1;
        w->sink_count++;
    }
    return 0;
}

static int run_chunk(struct chunk_work *w, struct failure *failure)
{
    int result = open_source(w, w->first, failure);
    if (result == 0)
        result = open_sinks(w, failure);
    while (result == 0 && w->sink_count > 0)
        result = run_pass(w, failure);
    for (size_t i = 0; i < w->sink_count; i++)
        w->sinks[i].ops->close(w->sinks[i].sink);
    source_close(&w->source);
    return result;
}

int chunk_run(const struct work *work, struct failure *failure)
{
    const struct job *job = work->job;
    struct plan *plan = av_malloc(sizeof(*plan));
    struct chunk_work chunk = {.work = work, .plan = plan};
    int result = -1;
    if (!plan || plan_make(&job->info, &job->options, plan) < 0 || !job->info.has_video ||
        job->chunk >= plan->chunk_count) {
        failure_set(failure, REASON_INTERNAL, "no chunk %d", job->chunk);
    } else {
        plan_chunk_segments(plan, &job->options, job->chunk, &chunk.first, &chunk.end);
        result = run_chunk(&chunk, failure);
    }
    av_free(plan);
    return result;
}
