/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/jobs.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/db.h"
#include "catalog/events.h"
#include "catalog/lesson_state.h"
#include "catalog/queue.h"

_Static_assert(CATALOG_JOB_QUEUED == SQL_JOB_QUEUED, "SQL uses another number");
_Static_assert(CATALOG_JOB_LEASED == SQL_JOB_LEASED, "SQL uses another number");
_Static_assert(CATALOG_JOB_DONE == SQL_JOB_DONE, "SQL uses another number");
_Static_assert(CATALOG_JOB_FAILED == SQL_JOB_FAILED, "SQL uses another number");
_Static_assert(CATALOG_JOB_AUDIO == SQL_JOB_AUDIO, "SQL uses another number");
_Static_assert(CATALOG_JOB_LEGACY == SQL_JOB_LEGACY, "SQL uses another number");

static const char *const state_names[] = {
    [CATALOG_JOB_QUEUED] = "queued",
    [CATALOG_JOB_LEASED] = "leased",
    [CATALOG_JOB_DONE] = "done",
    [CATALOG_JOB_FAILED] = "failed",
};
#define STATE_COUNT ((int)(sizeof(state_names) / sizeof(state_names[0])))

/*
 * The rank is the order of the jobs within a lesson. Audio and subtitles come before video, which
 * takes long. The poster comes only after the first video chunk, so that the lesson can be watched
 * soon. The legacy rendition, which only old set-top boxes need, comes last. Among jobs of one
 * rank, the lower chunk comes first, then the job that was added first.
 */
static const struct {
    const char *name;
    int rank;
} kinds[] = {
    [CATALOG_JOB_PROBE] = {"probe", 0},
    [CATALOG_JOB_AUDIO] = {"audio", 1},
    [CATALOG_JOB_VIDEO] = {"video", 3},
    [CATALOG_JOB_POSTER] = {"poster", 3},
    [CATALOG_JOB_TEXT] = {"text", 1},
    [CATALOG_JOB_LEGACY] = {"legacy", 9},
};
#define KIND_COUNT ((int)(sizeof(kinds) / sizeof(kinds[0])))

const char *catalog_job_state_name(int state)
{
    return state >= 0 && state < STATE_COUNT ? state_names[state] : NULL;
}

const char *catalog_job_kind_name(int kind)
{
    return kind >= 0 && kind < KIND_COUNT ? kinds[kind].name : NULL;
}

enum catalog_error job_insert(
    struct catalog *cat, int64_t lesson_id, int revision, const struct catalog_new_job *job)
{
    if (!catalog_job_kind_name((int)job->kind) || job->cost < 1)
        return db_fail(cat, CATALOG_EINVAL, "job of kind %d, cost %d", (int)job->kind, job->cost);
    int rank = kinds[job->kind].rank + (job->optional ? SQL_OPTIONAL_RANK : 0);
    return db_execute(cat, STATEMENT_JOB_INSERT, "liiiii", lesson_id, revision, job->kind, rank,
        job->chunk, job->cost);
}

/* ---- states ---- */

enum catalog_error job_check_lease(
    struct catalog *cat, int64_t job_id, const char *owner, struct job_lease *out)
{
    sqlite3_stmt *query = db_query(cat, STATEMENT_JOB_OWNED, "l", job_id);
    int row = db_row(cat, query);
    if (row < 0)
        return row;
    if (row == 0)
        return db_fail(cat, CATALOG_ENOTFOUND, "there is no job %lld", (long long)job_id);
    const char *holder = (const char *)sqlite3_column_text(query, LEASE_OWNER);
    bool has_lease = sqlite3_column_int(query, LEASE_STATE) == CATALOG_JOB_LEASED && holder &&
                     strcmp(holder, owner) == 0;
    *out = (struct job_lease){
        .lesson_id = sqlite3_column_int64(query, LEASE_LESSON_ID),
        .revision = sqlite3_column_int(query, LEASE_REVISION),
        .attempt = sqlite3_column_int(query, LEASE_ATTEMPT),
        .max_attempts = sqlite3_column_int(query, LEASE_MAX_ATTEMPTS),
        .kind = sqlite3_column_int(query, LEASE_KIND),
        .optional = sqlite3_column_int(query, LEASE_OPTIONAL) != 0,
    };
    db_done(query);
    if (!has_lease)
        return db_fail(
            cat, CATALOG_ESTATE, "job %lld is not leased to %s", (long long)job_id, owner);
    return CATALOG_OK;
}

enum catalog_error job_set_state(struct catalog *cat, int64_t job_id, enum catalog_job_state state,
    const char *reason, const char *detail)
{
    int permille = state == CATALOG_JOB_DONE ? 1000 : 0;
    return db_execute(
        cat, STATEMENT_JOB_SET_STATE, "lissi", job_id, state, reason, detail, permille);
}

enum catalog_error job_finish_lesson(
    struct catalog *cat, int64_t lesson_id, int revision, int64_t now_ms)
{
    enum catalog_lesson_state state = CATALOG_LESSON_QUEUED;
    enum catalog_error error = lesson_read_state(cat, lesson_id, &state);
    if (error != CATALOG_OK || state == CATALOG_LESSON_READY)
        return error;
    sqlite3_stmt *query = db_query(cat, STATEMENT_JOBS_LEFT, "li", lesson_id, revision);
    int row = db_row(cat, query);
    if (row < 0)
        return row;
    int64_t jobs_left = row > 0 ? sqlite3_column_int64(query, DB_ONLY_COLUMN) : 0;
    db_done(query);
    if (jobs_left > 0)
        return CATALOG_OK;
    error = lesson_set_state(cat, lesson_id, CATALOG_LESSON_READY, "", "", now_ms);
    if (error != CATALOG_OK)
        return error;
    return event_insert(cat, lesson_id, "completed", "", now_ms);
}

/* Fails the lesson's queued and leased optional jobs. The lesson itself goes on without them. */
static enum catalog_error fail_optional_jobs(
    struct catalog *cat, int64_t lesson_id, int revision, const char *reason, int64_t now_ms)
{
    enum catalog_error error = db_execute(cat, STATEMENT_JOBS_FAIL_OPTIONAL, "l", lesson_id);
    if (error == CATALOG_OK)
        error = event_insert(cat, lesson_id, "extras_failed", reason, now_ms);
    if (error != CATALOG_OK)
        return error;
    /* In catalogs of older versions, a lesson was READY only after its optional jobs. Such a lesson
     * may have no other job left. */
    return job_finish_lesson(cat, lesson_id, revision, now_ms);
}

/* Fails the lesson with all its queued and leased jobs, because a lesson with a hole can't be
 * played. */
static enum catalog_error fail_lesson(
    struct catalog *cat, int64_t lesson_id, const char *reason, const char *detail, int64_t now_ms)
{
    enum catalog_error error = db_execute(cat, STATEMENT_JOBS_FAIL_LESSON, "l", lesson_id);
    if (error == CATALOG_OK)
        error = lesson_set_state(cat, lesson_id, CATALOG_LESSON_FAILED, reason, detail, now_ms);
    if (error == CATALOG_OK)
        error = event_insert(cat, lesson_id, "failed", reason, now_ms);
    return error;
}

static enum catalog_error fail_job(struct catalog *cat, int64_t job_id, const struct job_lease *job,
    const char *reason, const char *detail, int64_t now_ms)
{
    enum catalog_error error = job_set_state(cat, job_id, CATALOG_JOB_FAILED, reason, detail);
    if (error != CATALOG_OK)
        return error;
    return job->optional ? fail_optional_jobs(cat, job->lesson_id, job->revision, reason, now_ms)
                         : fail_lesson(cat, job->lesson_id, reason, detail, now_ms);
}

/* ---- taking a lease ---- */

/* The next job of a lesson. */
struct next_job {
    int64_t id, cost;
    struct job_lease lease; /* without kind */
    char *reason, *detail;  /* of its last failure; the caller frees them */
};

static enum catalog_error read_next_job(
    struct catalog *cat, int64_t lesson_id, struct next_job *out)
{
    sqlite3_stmt *query = db_query(cat, STATEMENT_JOB_NEXT, "l", lesson_id);
    int row = db_row(cat, query);
    if (row < 0)
        return row;
    if (row == 0) {
        db_fail(cat, CATALOG_ECORRUPT, "lesson %lld counts jobs that do not exist",
            (long long)lesson_id);
        return CATALOG_ECORRUPT;
    }
    *out = (struct next_job){
        .id = sqlite3_column_int64(query, NEXT_JOB_ID),
        .cost = sqlite3_column_int64(query, NEXT_JOB_COST),
        .lease = {.lesson_id = lesson_id,
            .revision = sqlite3_column_int(query, NEXT_JOB_REVISION),
            .attempt = sqlite3_column_int(query, NEXT_JOB_ATTEMPT),
            .max_attempts = sqlite3_column_int(query, NEXT_JOB_MAX_ATTEMPTS),
            .optional = sqlite3_column_int(query, NEXT_JOB_OPTIONAL) != 0},
        .reason = db_text(cat, query, NEXT_JOB_REASON),
        .detail = db_text(cat, query, NEXT_JOB_REASON_DETAIL),
    };
    db_done(query);
    if (out->reason && out->detail)
        return CATALOG_OK;
    free(out->reason);
    free(out->detail);
    return db_out_of_memory(cat);
}

/*
 * Takes the next job of the chosen lesson and books its cost. If the job has no attempt left, fails
 * it instead, books nothing, and leaves *job_id at 0.
 */
static enum catalog_error take_job(struct catalog *cat, struct fair_queue *queue,
    const struct fair_queue_choice *choice, int64_t now_ms, int64_t *job_id)
{
    struct next_job job = {0};
    enum catalog_error error = read_next_job(cat, queue->lessons[choice->lesson].id, &job);
    if (error != CATALOG_OK)
        return error;
    if (job.lease.attempt < job.lease.max_attempts) {
        *job_id = job.id;
        error = queue_charge(cat, queue, choice, job.cost);
    } else {
        /* An attempt that left no reason ended with its node. */
        const char *reason = *job.reason ? job.reason : "worker_crashed";
        error = fail_job(cat, job.id, &job.lease, reason, job.detail, now_ms);
    }
    free(job.reason);
    free(job.detail);
    return error;
}

/* Finds the job that is next by the rules of the fair queue. *job_id is 0 if there is nothing to
 * do. */
static enum catalog_error take_next_job(struct catalog *cat, int64_t now_ms, int64_t *job_id)
{
    *job_id = 0;
    bool found = false;
    enum catalog_error error;
    do {
        struct fair_queue queue = {0};
        struct fair_queue_choice choice;
        error = queue_read(cat, &queue);
        if (error != CATALOG_OK)
            return error;
        found = fair_queue_choose(&queue, &choice);
        if (found)
            error = take_job(cat, &queue, &choice, now_ms, job_id);
        queue_free(&queue);
    } while (error == CATALOG_OK && found && *job_id == 0);
    return error;
}

static enum catalog_error read_jobs(
    struct catalog *cat, sqlite3_stmt *query, struct catalog_jobs *out);

/* Leaves *out empty if there is nothing to do. What expired or failed on the way is committed
 * then too. */
static enum catalog_error lease_next_job(struct catalog *cat, const char *owner, int64_t now_ms,
    int64_t lease_until_ms, int64_t deadline_ms, struct catalog_jobs *out)
{
    enum catalog_error error = db_execute(cat, STATEMENT_JOBS_EXPIRE, "l", now_ms);
    if (error != CATALOG_OK)
        return error;
    int64_t job_id = 0;
    error = take_next_job(cat, now_ms, &job_id);
    if (error != CATALOG_OK || job_id == 0)
        return error;
    error =
        db_execute(cat, STATEMENT_JOB_LEASE, "lsll", job_id, owner, lease_until_ms, deadline_ms);
    if (error != CATALOG_OK)
        return error;
    return read_jobs(cat, db_query(cat, STATEMENT_JOB_GET, "l", job_id), out);
}

enum catalog_error catalog_job_lease(struct catalog *cat, const char *owner, int64_t now_ms,
    int64_t lease_ms, int64_t deadline_ms, struct catalog_jobs *out)
{
    *out = (struct catalog_jobs){0};
    enum catalog_error error = db_begin(cat);
    if (error != CATALOG_OK)
        return error;
    error = db_end(
        cat, lease_next_job(cat, owner, now_ms, now_ms + lease_ms, now_ms + deadline_ms, out));
    if (error != CATALOG_OK)
        catalog_jobs_free(out);
    else if (out->count == 0)
        error = db_fail(cat, CATALOG_ENOTFOUND, "there is nothing to do");
    return error;
}

/* ---- keeping a lease, and giving it back ---- */

static enum catalog_error set_progress(
    struct catalog *cat, int64_t job_id, const char *owner, int permille, int64_t lease_until_ms)
{
    struct job_lease lease = {0};
    enum catalog_error error = job_check_lease(cat, job_id, owner, &lease);
    if (error == CATALOG_OK)
        error = db_execute(cat, STATEMENT_JOB_PROGRESS, "lil", job_id, permille, lease_until_ms);
    return error;
}

enum catalog_error catalog_job_progress(struct catalog *cat, int64_t job_id, const char *owner,
    int permille, int64_t now_ms, int64_t lease_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error
                 : db_end(cat, set_progress(cat, job_id, owner, permille, now_ms + lease_ms));
}

static enum catalog_error give_back(struct catalog *cat, int64_t job_id, const char *owner,
    bool retry, const char *reason, const char *reason_detail, int64_t now_ms)
{
    struct job_lease lease = {0};
    enum catalog_error error = job_check_lease(cat, job_id, owner, &lease);
    if (error != CATALOG_OK)
        return error;
    if (retry && lease.attempt < lease.max_attempts) {
        error = job_set_state(cat, job_id, CATALOG_JOB_QUEUED, reason, reason_detail);
        if (error == CATALOG_OK)
            error = event_insert(cat, lease.lesson_id, "retry", reason, now_ms);
    } else {
        error = fail_job(cat, job_id, &lease, reason, reason_detail, now_ms);
    }
    return error;
}

enum catalog_error catalog_job_give_back(struct catalog *cat, int64_t job_id, const char *owner,
    bool retry, const char *reason, const char *reason_detail, int64_t now_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error
                 : db_end(cat, give_back(cat, job_id, owner, retry, reason, reason_detail, now_ms));
}

static enum catalog_error release(struct catalog *cat, int64_t job_id, const char *owner)
{
    struct job_lease lease = {0};
    enum catalog_error error = job_check_lease(cat, job_id, owner, &lease);
    if (error == CATALOG_OK)
        error = queue_refund(cat, job_id);
    if (error == CATALOG_OK)
        error = db_execute(cat, STATEMENT_JOB_RELEASE, "l", job_id);
    return error;
}

enum catalog_error catalog_job_release(struct catalog *cat, int64_t job_id, const char *owner)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, release(cat, job_id, owner));
}

static enum catalog_error recover(struct catalog *cat, const char *owner)
{
    sqlite3_stmt *query = db_query(cat, STATEMENT_JOBS_OF_OTHERS, "s", owner);
    int row;
    while ((row = db_row(cat, query)) > 0) {
        enum catalog_error error = queue_refund(cat, sqlite3_column_int64(query, DB_ONLY_COLUMN));
        if (error != CATALOG_OK) {
            db_done(query);
            return error;
        }
    }
    if (row < 0)
        return row;
    return db_execute(cat, STATEMENT_JOBS_RECOVER, "s", owner);
}

enum catalog_error catalog_jobs_recover(struct catalog *cat, const char *owner)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, recover(cat, owner));
}

/* ---- reading ---- */

static enum catalog_error fill_job(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    struct catalog_job *job = item;
    job->id = sqlite3_column_int64(row, JOB_ID);
    job->lesson_id = sqlite3_column_int64(row, JOB_LESSON_ID);
    job->revision = sqlite3_column_int(row, JOB_REVISION);
    job->kind = sqlite3_column_int(row, JOB_KIND);
    job->state = sqlite3_column_int(row, JOB_STATE);
    job->chunk = sqlite3_column_int(row, JOB_CHUNK);
    job->cost = sqlite3_column_int(row, JOB_COST);
    job->attempt = sqlite3_column_int(row, JOB_ATTEMPT);
    job->max_attempts = sqlite3_column_int(row, JOB_MAX_ATTEMPTS);
    job->progress_permille = sqlite3_column_int(row, JOB_PROGRESS_PERMILLE);
    job->lease_until_ms = sqlite3_column_int64(row, JOB_LEASE_UNTIL_MS);
    job->deadline_ms = sqlite3_column_int64(row, JOB_DEADLINE_MS);
    job->owner = db_text(cat, row, JOB_OWNER);
    job->reason = db_text(cat, row, JOB_REASON);
    job->reason_detail = db_text(cat, row, JOB_REASON_DETAIL);
    job->lesson_title = db_text(cat, row, JOB_LESSON_TITLE);
    return CATALOG_OK;
}

static enum catalog_error read_jobs(
    struct catalog *cat, sqlite3_stmt *query, struct catalog_jobs *out)
{
    *out = (struct catalog_jobs){0};
    enum catalog_error error =
        db_read_all(cat, query, fill_job, sizeof(out->items[0]), (void **)&out->items, &out->count);
    if (error != CATALOG_OK)
        catalog_jobs_free(out);
    return error;
}

enum catalog_error catalog_jobs(struct catalog *cat, int64_t lesson_id, struct catalog_jobs *out)
{
    if (lesson_id == 0)
        return read_jobs(cat, db_query(cat, STATEMENT_JOBS_ACTIVE, ""), out);
    return read_jobs(cat, db_query(cat, STATEMENT_JOBS_OF_LESSON, "l", lesson_id), out);
}

void catalog_jobs_free(struct catalog_jobs *jobs)
{
    if (!jobs)
        return;
    for (size_t i = 0; i < jobs->count; i++) {
        free(jobs->items[i].owner);
        free(jobs->items[i].reason);
        free(jobs->items[i].reason_detail);
        free(jobs->items[i].lesson_title);
    }
    free(jobs->items);
    *jobs = (struct catalog_jobs){0};
}
