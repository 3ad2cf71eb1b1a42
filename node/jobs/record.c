/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/jobs/record.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/jobs/job_files.h"
#include "node/util/clock.h"
#include "node/util/log.h"
#include "transcoder/plan/planner.h"

#define PROGRESS_INTERVAL_MS 1000

#define PLAN_TEXT_BYTES (4 * 1024)

/* These costs say how much work a job is, relative to others. An audio job costs COST_AUDIO for
 * each chunk of the lesson. The lesson's progress is computed from the costs, and the fair queue
 * books them to the submitter. */
#define COST_AUDIO 4
#define COST_POSTER 1
#define COST_TEXT 1
#define COST_CHUNK 20
#define COST_AV1 15
#define COST_LEGACY 4

static int refuse(struct worker *worker, const char *what)
{
    log_write(LOG_WARN, "jobs", "job %" PRId64 ": the worker sent %s; it is ended",
        worker_job(worker)->id, what);
    worker->fate = FATE_MALFORMED;
    snprintf(worker->detail, sizeof(worker->detail), "%s", what);
    return -1;
}

/* Decides from the catalog's answer whether the worker goes on. Returns 0; or -1 with the worker's
 * fate set. */
static int judge(struct worker *worker, int error)
{
    if (error == CATALOG_OK)
        return 0;
    if (error == CATALOG_ENOTFOUND || error == CATALOG_ESTATE)
        worker->fate = FATE_LOST;
    else if (error == CATALOG_EFULL || error == CATALOG_EBUSY || error == CATALOG_EIO)
        worker->fate = FATE_DISK_FULL;
    else
        worker->fate = FATE_MALFORMED;
    const char *said = catalog_message(worker->params->catalog);
    log_write(LOG_WARN, "jobs", "job %" PRId64 ": %s", worker_job(worker)->id, said);
    snprintf(worker->detail, sizeof(worker->detail), "%s", said);
    return -1;
}

/* ---- the probe ---- */

struct planned {
    struct plan plan;
    char info_text[MEDIA_INFO_TEXT_BYTES];
    char plan_text[PLAN_MAX_RENDITIONS][PLAN_TEXT_BYTES];
    struct catalog_new_rendition renditions[PLAN_MAX_RENDITIONS];
    struct catalog_new_job *jobs;
    size_t job_count;
};

static int plan_renditions(struct planned *p)
{
    static const int kinds[] = {[RENDITION_VIDEO] = CATALOG_VIDEO,
        [RENDITION_AUDIO] = CATALOG_AUDIO,
        [RENDITION_TEXT] = CATALOG_TEXT,
        [RENDITION_LEGACY] = CATALOG_LEGACY};
    for (size_t i = 0; i < p->plan.rendition_count; i++) {
        const struct rendition *r = &p->plan.renditions[i];
        if (rendition_format(r, p->plan_text[i], PLAN_TEXT_BYTES) < 0)
            return -1;
        p->renditions[i] = (struct catalog_new_rendition){
            .name = r->name,
            .kind = kinds[r->kind],
            .width = r->width,
            .height = r->height,
            .fps_num = r->fps_num,
            .fps_den = r->fps_den,
            .channels = r->channels,
            .sample_rate = r->sample_rate,
            .language = r->language,
            .cap_bps = r->cap_bps,
            .timescale = r->timescale,
            .chunk_count = p->plan.chunk_count,
            .plan_text = p->plan_text[i],
            .optional = r->video_codec == VIDEO_AV1,
        };
    }
    return 0;
}

static bool has_legacy(const struct planned *p)
{
    for (size_t i = 0; i < p->plan.rendition_count; i++)
        if (p->plan.renditions[i].kind == RENDITION_LEGACY)
            return true;
    return false;
}

/* Returns the job that makes one chunk of a group of renditions. AV1 renditions are optional and
 * have groups of their own. */
static struct catalog_new_job video_job(const struct plan *plan, int index)
{
    struct catalog_new_job job = {.kind = CATALOG_JOB_VIDEO, .chunk = index, .cost = COST_CHUNK};
    int group = plan_work(plan, index).group;
    for (size_t i = 0; i < plan->rendition_count; i++) {
        const struct rendition *r = &plan->renditions[i];
        if (r->kind == RENDITION_VIDEO && r->group == group && r->video_codec == VIDEO_AV1) {
            job.cost = COST_AV1;
            job.optional = true;
        }
    }
    return job;
}

static int plan_jobs(struct planned *p, const struct media_info *info)
{
    int work_count = info->has_video ? p->plan.chunk_count * p->plan.group_count : 0;
    p->jobs = calloc((size_t)work_count + (size_t)p->plan.chunk_count + 3, sizeof(p->jobs[0]));
    if (!p->jobs)
        return -1;
    if (info->audio_count > 0)
        p->jobs[p->job_count++] = (struct catalog_new_job){
            .kind = CATALOG_JOB_AUDIO, .cost = COST_AUDIO * p->plan.chunk_count};
    if (info->text_count > 0)
        p->jobs[p->job_count++] =
            (struct catalog_new_job){.kind = CATALOG_JOB_TEXT, .cost = COST_TEXT};
    if (!info->has_video)
        return 0;
    for (int i = 0; i < work_count; i++)
        p->jobs[p->job_count++] = video_job(&p->plan, i);
    p->jobs[p->job_count++] =
        (struct catalog_new_job){.kind = CATALOG_JOB_POSTER, .cost = COST_POSTER};
    for (int chunk = 0; has_legacy(p) && chunk < p->plan.chunk_count; chunk++)
        p->jobs[p->job_count++] = (struct catalog_new_job){
            .kind = CATALOG_JOB_LEGACY, .chunk = chunk, .cost = COST_LEGACY};
    return 0;
}

/* Chooses the title that a lesson gets if it has none: the title tag of the file, else the file
 * name without its ending. */
static void choose_title(
    const struct worker *worker, const struct media_info *info, char *out, size_t out_bytes)
{
    struct catalog_lessons lessons;
    snprintf(out, out_bytes, "%s", info->title);
    if (out[0] || catalog_lesson_get(worker->params->catalog, worker_job(worker)->lesson_id,
                      &lessons) != CATALOG_OK)
        return;
    snprintf(out, out_bytes, "%s", lessons.items[0].source_name);
    char *dot = strrchr(out, '.');
    if (dot && dot != out)
        *dot = '\0';
    catalog_lessons_free(&lessons);
}

static void note_findings(const struct worker *worker, const struct media_info *info)
{
    struct catalog *catalog = worker->params->catalog;
    int64_t lesson_id = worker_job(worker)->lesson_id, now_ms = clock_wall_ms();
    char detail[128];
    if (info->salvaged) {
        snprintf(detail, sizeof(detail), "%.0f/%.0f s", (double)info->duration_us / 1e6,
            (double)info->stated_us / 1e6);
        catalog_event_add(catalog, lesson_id, "salvaged", detail, now_ms);
    }
    if (info->unused_streams > 0)
        catalog_event_add(catalog, lesson_id, "streams_left_out", info->unused_detail, now_ms);
}

/* Whether the copy of the source that the worker reports is there. bytes 0: it reports none. */
static bool copy_is_there(const struct worker *worker, int64_t bytes)
{
    struct stat status;
    return bytes == 0 ||
           (fstatat(worker->output.fd, worker->remux_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
               S_ISREG(status.st_mode) && status.st_size == bytes);
}

static int record_probed(struct worker *worker, const struct message *message)
{
    if (worker_job(worker)->kind != CATALOG_JOB_PROBE || worker->probed)
        return refuse(worker, "findings that nobody asked for");
    struct planned *p = calloc(1, sizeof(*p));
    char title[1024];
    int result = -1;
    if (!p || plan_make(&message->info, &worker->params->plan, &p->plan) < 0 ||
        plan_renditions(p) < 0 || plan_jobs(p, &message->info) < 0 ||
        media_info_format(&message->info, p->info_text, sizeof(p->info_text)) < 0) {
        result = refuse(worker, "findings that can't be planned for");
    } else if (!copy_is_there(worker, message->remuxed_bytes)) {
        result = refuse(worker, "a copy of the source that isn't there");
    } else {
        choose_title(worker, &message->info, title, sizeof(title));
        struct catalog_probe_result found = {
            .info_text = p->info_text,
            .title = title,
            .duration_us = message->info.duration_us,
            .remuxed_file = message->remuxed_bytes > 0 ? worker->remux_name : "",
            .remuxed_bytes = message->remuxed_bytes,
            .renditions = p->renditions,
            .rendition_count = p->plan.rendition_count,
            .jobs = p->jobs,
            .job_count = p->job_count,
        };
        const struct catalog_job *job = worker_job(worker);
        result = judge(worker, catalog_job_finish_probe(worker->params->catalog, job->id,
                                   job->owner, &found, clock_wall_ms()));
        worker->probed = result == 0;
        if (worker->probed) {
            worker->settled_ms = clock_mono_ms();
            note_findings(worker, &message->info);
        }
    }
    if (p)
        free(p->jobs);
    free(p);
    return result;
}

/* ---- media ---- */

/* Whether a file that the worker reports exists, is not empty, and has the reported size. bytes -1:
 * no size was reported. */
static bool file_is_there(const struct worker *worker, const char *relative, int64_t bytes)
{
    const struct catalog_job *job = worker_job(worker);
    char path[STORE_PATH_BYTES];
    struct stat status;
    if (store_media_path(worker->params->store, job->lesson_id, job->revision, relative, path) <
            0 ||
        lstat(path, &status) < 0)
        return false;
    return S_ISREG(status.st_mode) && status.st_size > 0 && (bytes < 0 || status.st_size == bytes);
}

/* The most files that a job can make: each is recorded once. */
static int max_results(const struct worker *worker)
{
    int max = 2; /* a poster and a storyboard */
    for (size_t i = 0; i < worker->renditions.count; i++) {
        const struct catalog_rendition *rendition = &worker->renditions.items[i];
        bool one = worker_chunk(worker, rendition) >= 0;
        max += 1 + (one ? 1 : rendition->chunk_count); /* with the init segment */
    }
    return max;
}

/* Counts a file that the worker reports. Each is recorded in a transaction, so a worker must not
 * report as many as it likes. Returns 0, or -1 if the worker must be ended. */
static int count_result(struct worker *worker)
{
    return worker->results++ < max_results(worker)
               ? 0
               : refuse(worker, "more results than its job has");
}

static int record_init(struct worker *worker, const struct message *message)
{
    const struct catalog_job *job = worker_job(worker);
    const struct catalog_rendition *rendition = job_files_rendition(worker, message->rendition);
    char path[JOB_PATH_BYTES];
    if (!rendition || !catalog_has_init(rendition->kind) ||
        job_init_path(rendition->name, path, sizeof(path)) < 0 ||
        !file_is_there(worker, path, message->bytes))
        return refuse(worker, "an init segment that isn't there");
    if (count_result(worker) < 0)
        return -1;
    return judge(worker, catalog_rendition_set_init(worker->params->catalog, job->id, job->owner,
                             rendition->id, message->bytes, message->sha256, message->codecs));
}

/* Whether a chunk has no more segments than the plan gives it, and about their length. Viewers' requests
 * read the list of all segments, so a worker must not make it as long as it likes. */
static bool fits_plan(const struct worker *worker, const struct catalog_rendition *rendition,
    const struct message *message)
{
    const struct plan_options options = {.no_av1 = worker->params->plan.no_av1};
    int first, end;
    if (!worker->plan || message->chunk >= worker->plan->chunk_count)
        return false;
    plan_chunk_segments(worker->plan, &options, message->chunk, &first, &end);
    int64_t planned_us =
        plan_segment_start_us(worker->plan, end) - plan_segment_start_us(worker->plan, first);
    int64_t ticks = 0;
    for (size_t i = 0; i < message->segment_count; i++)
        ticks += message->segments[i].duration_ticks;
    return message->segment_count <= (size_t)(end - first) &&
           ticks / rendition->timescale <= 2 * planned_us / 1000000 + 1;
}

static int record_chunk(struct worker *worker, const struct message *message)
{
    const struct catalog_job *job = worker_job(worker);
    const struct catalog_rendition *rendition = job_files_rendition(worker, message->rendition);
    char path[JOB_PATH_BYTES];
    bool asked_for = rendition && job_files_chunk(worker, rendition, message->chunk);
    if (!asked_for || job_chunk_path(rendition->name, message->chunk, path, sizeof(path)) < 0 ||
        !file_is_there(worker, path, message->bytes))
        return refuse(worker, "a chunk that isn't there");
    if (!fits_plan(worker, rendition, message))
        return refuse(worker, "a chunk with more segments than planned");
    if (count_result(worker) < 0)
        return -1;
    struct catalog_chunk chunk = {
        .rendition_id = rendition->id,
        .number = message->chunk,
        .bytes = message->bytes,
        .sha256 = (char *)message->sha256,
        .segments = calloc(message->segment_count, sizeof(struct catalog_segment)),
        .segment_count = message->segment_count,
    };
    if (!chunk.segments)
        return judge(worker, CATALOG_ENOMEM);
    for (size_t i = 0; i < message->segment_count; i++)
        chunk.segments[i] = (struct catalog_segment){
            .offset_bytes = message->segments[i].offset_bytes,
            .length_bytes = message->segments[i].length_bytes,
            .duration_ticks = message->segments[i].duration_ticks,
            .iframe_bytes = message->segments[i].iframe_bytes,
        };
    int result = judge(worker,
        catalog_chunk_add(worker->params->catalog, job->id, job->owner, &chunk, clock_wall_ms()));
    free(chunk.segments);
    return result;
}

static int record_poster(struct worker *worker)
{
    const struct catalog_job *job = worker_job(worker);
    if (job->kind != CATALOG_JOB_POSTER || !file_is_there(worker, JOB_POSTER_NAME, -1))
        return refuse(worker, "a poster that isn't there");
    if (count_result(worker) < 0)
        return -1;
    return judge(worker,
        catalog_lesson_set_poster(worker->params->catalog, job->id, job->owner, JOB_POSTER_NAME));
}

static int record_storyboard(struct worker *worker, int sheets)
{
    const struct catalog_job *job = worker_job(worker);
    bool there = job->kind == CATALOG_JOB_POSTER && file_is_there(worker, JOB_STORYBOARD_INDEX, -1);
    for (int i = 0; i < sheets && there; i++) {
        char name[JOB_PATH_BYTES];
        there = job_sheet_path(i, name, sizeof(name)) > 0 && file_is_there(worker, name, -1);
    }
    if (!there)
        return refuse(worker, "a storyboard that isn't there");
    if (count_result(worker) < 0)
        return -1;
    return judge(worker,
        catalog_lesson_set_storyboard(worker->params->catalog, job->id, job->owner, sheets));
}

static int record_progress(struct worker *worker, int permille)
{
    const struct catalog_job *job = worker_job(worker);
    int64_t now_ms = clock_mono_ms();
    worker->permille = permille;
    if (worker->probed || now_ms - worker->lease_renewed_ms < PROGRESS_INTERVAL_MS)
        return 0;
    worker->lease_renewed_ms = now_ms;
    return judge(
        worker, catalog_job_progress(worker->params->catalog, job->id, job->owner, permille,
                    worker_lease_now_ms(worker->params), worker->params->lease_ms));
}

int record_message(struct worker *worker, const struct message *message)
{
    if (worker->done)
        return refuse(worker, "more after its last message");
    switch (message->type) {
    case MESSAGE_PROGRESS:
        return record_progress(worker, message->permille);
    case MESSAGE_PROBED:
        return record_probed(worker, message);
    case MESSAGE_INIT:
        return record_init(worker, message);
    case MESSAGE_CHUNK:
        return record_chunk(worker, message);
    case MESSAGE_POSTER:
        return record_poster(worker);
    case MESSAGE_STORYBOARD:
        return record_storyboard(worker, message->sheets);
    case MESSAGE_FILE:
        if (job_files_answer(worker, message) == 0)
            return 0;
        return worker->fate == FATE_OWN ? refuse(worker, "a request that its job does not allow")
                                        : -1;
    case MESSAGE_FAILED:
        worker->reason = message->reason == REASON_NONE ? REASON_INTERNAL : message->reason;
        snprintf(worker->detail, sizeof(worker->detail), "%s", message->detail);
        return 0;
    case MESSAGE_DONE:
        worker->done = true;
        if (worker->settled_ms == 0)
            worker->settled_ms = clock_mono_ms();
        return 0;
    }
    return refuse(worker, "an unknown message");
}
