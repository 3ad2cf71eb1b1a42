/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/db.h"
#include "catalog/queue.h"
#include "catalog/segment_table.h"

static const char *const state_names[] = {
    [CATALOG_JOB_QUEUED] = "queued",
    [CATALOG_JOB_LEASED] = "leased",
    [CATALOG_JOB_DONE] = "done",
    [CATALOG_JOB_FAILED] = "failed",
};
#define STATES ((int)(sizeof(state_names) / sizeof(state_names[0])))

/* The rank is the order within a lesson: sound and subtitles come before the pictures, which take
 * long, stills right after the first of these, so that the lesson can soon be watched; what old
 * boxes need comes last. Of one rank the lower chunk comes first, then the one that was added
 * first. */
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
#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))
/* Added to that of extra jobs. */
#define OPTIONAL_RANK 10

const char *catalog_job_state_name(int state)
{
    return state >= 0 && state < STATES ? state_names[state] : NULL;
}

const char *catalog_job_kind_name(int kind)
{
    return kind >= 0 && kind < KINDS ? kinds[kind].name : NULL;
}

int job_insert(
    struct catalog *c, int64_t lesson_id, int revision, const struct catalog_new_job *job)
{
    if (!catalog_job_kind_name(job->kind) || job->cost < 1)
        return db_fail(c, CATALOG_EINVAL, "job of kind %d, cost %d", job->kind, job->cost);
    int64_t rank = kinds[job->kind].rank + (job->optional ? OPTIONAL_RANK : 0);
    return db_run(c,
        db_bind(db_statement(c, STATEMENT_JOB_INSERT), "iiiiii", lesson_id, (int64_t)revision,
            (int64_t)job->kind, rank, (int64_t)job->chunk, (int64_t)job->cost),
        NULL);
}

/* ---- leases ---- */

/* What a worker's owner says is believed only while the lease is his. */
struct owned {
    int64_t lesson_id;
    int revision, attempt, max_attempts, kind;
    bool optional;
};

static int check_owned(struct catalog *c, int64_t job_id, const char *owner, struct owned *out)
{
    sqlite3_stmt *s = db_bind(db_statement(c, STATEMENT_JOB_OWNED), "i", job_id);
    int row = db_row(c, s);
    if (row <= 0)
        return row < 0 ? row
                       : db_fail(c, CATALOG_ENOTFOUND, "there is no job %lld", (long long)job_id);
    const char *holder = (const char *)sqlite3_column_text(s, 1);
    bool ours =
        sqlite3_column_int(s, 0) == CATALOG_JOB_LEASED && holder && strcmp(holder, owner) == 0;
    *out = (struct owned){
        .lesson_id = sqlite3_column_int64(s, 2),
        .revision = sqlite3_column_int(s, 3),
        .attempt = sqlite3_column_int(s, 4),
        .max_attempts = sqlite3_column_int(s, 5),
        .kind = sqlite3_column_int(s, 6),
        .optional = sqlite3_column_int(s, 7) != 0,
    };
    db_done(s);
    return ours ? CATALOG_OK
                : db_fail(
                      c, CATALOG_ESTATE, "job %lld is not leased to %s", (long long)job_id, owner);
}

static int set_state(
    struct catalog *c, int64_t job_id, int state, const char *reason, const char *detail)
{
    int64_t permille = state == CATALOG_JOB_DONE ? 1000 : 0;
    return db_run(c,
        db_bind(db_statement(c, STATEMENT_JOB_SET_STATE), "iissi", job_id, (int64_t)state, reason,
            detail, permille),
        NULL);
}

/* The lesson is ready when no job of it is left but extra ones. */
static int finish_lesson(struct catalog *c, int64_t lesson_id, int revision, int64_t now_ms)
{
    int state = 0;
    int error = lesson_state(c, lesson_id, &state);
    if (error != CATALOG_OK || state == CATALOG_LESSON_READY)
        return error;
    sqlite3_stmt *s =
        db_bind(db_statement(c, STATEMENT_JOBS_LEFT), "ii", lesson_id, (int64_t)revision);
    int row = db_row(c, s);
    int64_t left = row > 0 ? sqlite3_column_int64(s, 0) : 0;
    db_done(s);
    if (row < 0 || left > 0)
        return row < 0 ? row : CATALOG_OK;
    error = lesson_set_state(c, lesson_id, CATALOG_LESSON_READY, "", "", now_ms);
    return error == CATALOG_OK ? event_insert(c, lesson_id, "completed", "", now_ms) : error;
}

/* An extra job that can't be done takes the other extra ones with it, and its lesson goes on
 * without. */
static int fail_optional(
    struct catalog *c, const struct owned *job, const char *reason, int64_t now_ms)
{
    int error = db_run(
        c, db_bind(db_statement(c, STATEMENT_JOBS_FAIL_OPTIONAL), "i", job->lesson_id), NULL);
    if (error == CATALOG_OK)
        error = event_insert(c, job->lesson_id, "extras_failed", reason, now_ms);
    /* One from before lessons were ready without may have nothing else left. */
    return error == CATALOG_OK ? finish_lesson(c, job->lesson_id, job->revision, now_ms) : error;
}

/* Any other takes its lesson with it: nothing plays with a hole in it. */
static int fail_lesson(
    struct catalog *c, int64_t lesson_id, const char *reason, const char *detail, int64_t now_ms)
{
    int error =
        db_run(c, db_bind(db_statement(c, STATEMENT_JOBS_FAIL_LESSON), "i", lesson_id), NULL);
    if (error == CATALOG_OK)
        error = lesson_set_state(c, lesson_id, CATALOG_LESSON_FAILED, reason, detail, now_ms);
    if (error == CATALOG_OK)
        error = event_insert(c, lesson_id, "failed", reason, now_ms);
    return error;
}

static int fail_job(struct catalog *c, int64_t job_id, const struct owned *job, const char *reason,
    const char *detail, int64_t now_ms)
{
    int error = set_state(c, job_id, CATALOG_JOB_FAILED, reason, detail);
    if (error != CATALOG_OK)
        return error;
    return job->optional ? fail_optional(c, job, reason, now_ms)
                         : fail_lesson(c, job->lesson_id, reason, detail, now_ms);
}

/* The next job of a lesson that has one. LOOK_FURTHER: its attempts are used up; it and what goes
 * with it are failed now. */
#define LOOK_FURTHER 1
static int next_of_lesson(
    struct catalog *c, int64_t lesson_id, int64_t now_ms, int64_t *job_id, int64_t *cost)
{
    sqlite3_stmt *s = db_bind(db_statement(c, STATEMENT_JOB_NEXT), "i", lesson_id);
    int row = db_row(c, s);
    if (row <= 0)
        return row < 0 ? row
                       : db_fail(c, CATALOG_ECORRUPT, "lesson %lld counts jobs that aren't there",
                             (long long)lesson_id);
    *job_id = sqlite3_column_int64(s, 0);
    *cost = sqlite3_column_int64(s, 6);
    struct owned job = {.lesson_id = lesson_id,
        .revision = sqlite3_column_int(s, 3),
        .optional = sqlite3_column_int(s, 7) != 0};
    if (sqlite3_column_int(s, 1) < sqlite3_column_int(s, 2)) {
        db_done(s);
        return CATALOG_OK;
    }
    char *reason = db_text(s, 4), *detail = db_text(s, 5);
    db_done(s);
    /* An attempt that left no reason ended with its node. */
    int error = reason && detail ? fail_job(c, *job_id, &job, *reason ? reason : "worker_crashed",
                                       detail, now_ms)
                                 : db_fail(c, CATALOG_ENOMEM, "out of memory");
    free(reason);
    free(detail);
    return error == CATALOG_OK ? LOOK_FURTHER : error;
}

/* The job whose turn it is, booked to its submitter; one whose attempts are used up is failed, and
 * the next is looked at. */
static int next_job(struct catalog *c, int64_t now_ms, int64_t *job_id)
{
    int error = LOOK_FURTHER;
    while (error == LOOK_FURTHER) {
        struct fair_queue queue;
        struct fair_queue_choice choice;
        int64_t cost = 0;
        error = queue_read(c, &queue);
        if (error == CATALOG_OK && !fair_queue_choose(&queue, &choice))
            error = db_fail(c, CATALOG_ENOTFOUND, "there is nothing to do");
        if (error == CATALOG_OK)
            error = next_of_lesson(c, queue.lessons[choice.lesson].id, now_ms, job_id, &cost);
        if (error == CATALOG_OK)
            error = queue_charge(c, &queue, &choice, cost);
        queue_free(&queue);
    }
    return error;
}

static int read_jobs(struct catalog *c, sqlite3_stmt *s, struct catalog_jobs *out);

int catalog_job_lease(struct catalog *c, const char *owner, int64_t now_ms, int64_t lease_ms,
    int64_t deadline_ms, struct catalog_jobs *out)
{
    int64_t job_id = 0;
    bool found = false;
    *out = (struct catalog_jobs){0};
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = db_run(c, db_bind(db_statement(c, STATEMENT_JOBS_EXPIRE), "i", now_ms), NULL);
    if (error == CATALOG_OK) {
        error = next_job(c, now_ms, &job_id);
        found = error == CATALOG_OK;
        if (error == CATALOG_ENOTFOUND)
            error = CATALOG_OK; /* what was expired or failed on the way is kept */
    }
    if (error == CATALOG_OK && found)
        error = db_run(c,
            db_bind(db_statement(c, STATEMENT_JOB_LEASE), "isii", job_id, owner, now_ms + lease_ms,
                now_ms + deadline_ms),
            NULL);
    if (error == CATALOG_OK && found)
        error = read_jobs(c, db_bind(db_statement(c, STATEMENT_JOB_GET), "i", job_id), out);
    if (error == CATALOG_OK && found)
        error = db_touch(c);
    error = db_end(c, error);
    if (error != CATALOG_OK)
        catalog_jobs_free(out);
    return error == CATALOG_OK && !found ? CATALOG_ENOTFOUND : error;
}

int catalog_job_progress(struct catalog *c, int64_t job_id, const char *owner, int permille,
    int64_t now_ms, int64_t lease_ms)
{
    struct owned owned = {0};
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = check_owned(c, job_id, owner, &owned);
    if (error == CATALOG_OK)
        error = db_run(c,
            db_bind(db_statement(c, STATEMENT_JOB_PROGRESS), "iii", job_id, (int64_t)permille,
                now_ms + lease_ms),
            NULL);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

int catalog_job_give_back(struct catalog *c, int64_t job_id, const char *owner, bool retry,
    const char *reason, const char *reason_detail, int64_t now_ms)
{
    struct owned owned = {0};
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = check_owned(c, job_id, owner, &owned);
    if (error == CATALOG_OK && retry && owned.attempt < owned.max_attempts) {
        error = set_state(c, job_id, CATALOG_JOB_QUEUED, reason, reason_detail);
        if (error == CATALOG_OK)
            error = event_insert(c, owned.lesson_id, "retry", reason, now_ms);
    } else if (error == CATALOG_OK) {
        error = fail_job(c, job_id, &owned, reason, reason_detail, now_ms);
    }
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

int catalog_job_release(struct catalog *c, int64_t job_id, const char *owner)
{
    struct owned owned = {0};
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = check_owned(c, job_id, owner, &owned);
    if (error == CATALOG_OK)
        error = queue_refund(c, job_id);
    if (error == CATALOG_OK)
        error = db_run(c, db_bind(db_statement(c, STATEMENT_JOB_RELEASE), "i", job_id), NULL);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

static int refund_others(struct catalog *c, const char *owner)
{
    int row, error = CATALOG_OK;
    sqlite3_stmt *s = db_bind(db_statement(c, STATEMENT_JOBS_OF_OTHERS), "s", owner);
    while (error == CATALOG_OK && (row = db_row(c, s)) != 0)
        error = row < 0 ? row : queue_refund(c, sqlite3_column_int64(s, 0));
    db_done(s);
    return error;
}

int catalog_jobs_recover(struct catalog *c, const char *owner)
{
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = refund_others(c, owner);
    if (error == CATALOG_OK)
        error = db_run(c, db_bind(db_statement(c, STATEMENT_JOBS_RECOVER), "s", owner), NULL);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

/* ---- results ---- */

static int insert_rendition(struct catalog *c, const struct owned *owned,
    const struct catalog_new_rendition *n, int position)
{
    return db_run(c,
        db_bind(db_statement(c, STATEMENT_RENDITION_INSERT), "iisiiiiiiiisiiisi", owned->lesson_id,
            (int64_t)owned->revision, n->name, (int64_t)n->kind, (int64_t)position,
            (int64_t)n->width, (int64_t)n->height, (int64_t)n->fps_num, (int64_t)n->fps_den,
            (int64_t)n->channels, (int64_t)n->sample_rate, n->language, n->cap_bps,
            (int64_t)n->timescale, (int64_t)n->chunk_count, n->plan_text, (int64_t)n->optional),
        NULL);
}

static int insert_planned(
    struct catalog *c, const struct owned *owned, const struct catalog_probe_result *result)
{
    int positions[CATALOG_LEGACY + 1] = {0};
    for (size_t i = 0; i < result->rendition_count; i++) {
        const struct catalog_new_rendition *rendition = &result->renditions[i];
        int error = rendition->kind >= CATALOG_VIDEO && rendition->kind <= CATALOG_LEGACY
                        ? insert_rendition(c, owned, rendition, positions[rendition->kind]++)
                        : db_fail(c, CATALOG_EINVAL, "rendition of kind %d", rendition->kind);
        if (error != CATALOG_OK)
            return error;
    }
    for (size_t i = 0; i < result->job_count; i++) {
        int error = job_insert(c, owned->lesson_id, owned->revision, &result->jobs[i]);
        if (error != CATALOG_OK)
            return error;
    }
    return CATALOG_OK;
}

int catalog_job_finish_probe(struct catalog *c, int64_t job_id, const char *owner,
    const struct catalog_probe_result *result, int64_t now_ms)
{
    struct owned owned = {0};
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = check_owned(c, job_id, owner, &owned);
    if (error == CATALOG_OK && (result->rendition_count == 0 || result->job_count == 0))
        error = db_fail(c, CATALOG_EINVAL, "a plan without renditions or jobs");
    if (error == CATALOG_OK)
        error = set_state(c, job_id, CATALOG_JOB_DONE, "", "");
    if (error == CATALOG_OK)
        error = db_run(c,
            db_bind(db_statement(c, STATEMENT_LESSON_SET_PROBED), "issii", owned.lesson_id,
                result->info_text, result->title, result->duration_us, now_ms),
            NULL);
    if (error == CATALOG_OK)
        error = lesson_set_state(c, owned.lesson_id, CATALOG_LESSON_WORKING, "", "", now_ms);
    if (error == CATALOG_OK && result->remuxed_file && result->remuxed_file[0])
        error = db_run(c,
            db_bind(db_statement(c, STATEMENT_SOURCE_SET_REMUXED), "isi", owned.lesson_id,
                result->remuxed_file, result->remuxed_bytes),
            NULL);
    if (error == CATALOG_OK)
        error = insert_planned(c, &owned, result);
    if (error == CATALOG_OK)
        error = event_insert(c, owned.lesson_id, "probed", "", now_ms);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

/* The rendition must be of the job's lesson. Its present init hash and number of chunks. */
static int check_rendition(struct catalog *c, const struct owned *owned, int64_t rendition_id,
    char init_sha256[65], int *chunk_count)
{
    sqlite3_stmt *s = db_bind(db_statement(c, STATEMENT_RENDITION_OF_JOB), "iii", rendition_id,
        owned->lesson_id, (int64_t)owned->revision);
    int row = db_row(c, s);
    if (row <= 0)
        return row < 0 ? row
                       : db_fail(c, CATALOG_ENOTFOUND, "rendition %lld is not of lesson %lld",
                             (long long)rendition_id, (long long)owned->lesson_id);
    snprintf(init_sha256, 65, "%s", (const char *)sqlite3_column_text(s, 0));
    *chunk_count = sqlite3_column_int(s, 1);
    db_done(s);
    return CATALOG_OK;
}

int catalog_rendition_set_init(struct catalog *c, int64_t job_id, const char *owner,
    int64_t rendition_id, int64_t bytes, const char *sha256, const char *codecs)
{
    struct owned owned = {0};
    char present[65] = "";
    int chunk_count;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = check_owned(c, job_id, owner, &owned);
    if (error == CATALOG_OK)
        error = check_rendition(c, &owned, rendition_id, present, &chunk_count);
    if (error == CATALOG_OK && present[0] && strcmp(present, sha256) != 0)
        error = db_fail(
            c, CATALOG_EEXISTS, "rendition %lld has another init segment", (long long)rendition_id);
    if (error == CATALOG_OK && !present[0])
        error = db_run(c,
            db_bind(db_statement(c, STATEMENT_RENDITION_SET_INIT), "iiss", rendition_id, bytes,
                sha256, codecs),
            NULL);
    return db_end(c, error);
}

/* Whether the chunk is there: 1 with the same hash, 0 not, EEXISTS with another. */
static int present_chunk(struct catalog *c, const struct catalog_chunk *chunk)
{
    sqlite3_stmt *s = db_bind(
        db_statement(c, STATEMENT_CHUNK_HASH), "ii", chunk->rendition_id, (int64_t)chunk->number);
    int row = db_row(c, s);
    if (row <= 0)
        return row;
    bool same = strcmp((const char *)sqlite3_column_text(s, 0), chunk->sha256) == 0;
    db_done(s);
    return same
               ? 1
               : db_fail(c, CATALOG_EEXISTS, "chunk %d of rendition %lld is there with other bytes",
                     chunk->number, (long long)chunk->rendition_id);
}

static int insert_chunk(struct catalog *c, const struct catalog_chunk *chunk)
{
    uint8_t *packed;
    size_t packed_bytes;
    int error = segment_table_pack(chunk, &packed, &packed_bytes);
    if (error != CATALOG_OK)
        return db_fail(c, error, "the segments of chunk %d don't add up", chunk->number);
    error = db_run(c,
        db_bind(db_statement(c, STATEMENT_CHUNK_INSERT), "iiisb", chunk->rendition_id,
            (int64_t)chunk->number, chunk->bytes, chunk->sha256, packed, packed_bytes),
        NULL);
    free(packed);
    return error;
}

/* An extra rendition counts, and is offered, once it is whole. */
static int note_optional(
    struct catalog *c, const struct owned *owned, int64_t rendition_id, int64_t now_ms)
{
    sqlite3_stmt *s =
        db_bind(db_statement(c, STATEMENT_RENDITION_WHOLE_OPTIONAL), "i", rendition_id);
    int row = db_row(c, s);
    if (row <= 0)
        return row;
    char *name = db_text(s, 0);
    db_done(s);
    int error =
        name ? db_run(c,
                   db_bind(db_statement(c, STATEMENT_LESSON_ADD_OPTIONAL), "i", owned->lesson_id),
                   NULL)
             : db_fail(c, CATALOG_ENOMEM, "out of memory");
    if (error == CATALOG_OK)
        error = event_insert(c, owned->lesson_id, "extra_added", name, now_ms);
    free(name);
    return error;
}

int catalog_chunk_add(struct catalog *c, int64_t job_id, const char *owner,
    const struct catalog_chunk *chunk, int64_t now_ms)
{
    struct owned owned = {0};
    char init_sha256[65];
    int chunk_count = 0, present = 0;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = check_owned(c, job_id, owner, &owned);
    if (error == CATALOG_OK)
        error = check_rendition(c, &owned, chunk->rendition_id, init_sha256, &chunk_count);
    if (error == CATALOG_OK && (chunk->number < 0 || chunk->number >= chunk_count))
        error = db_fail(c, CATALOG_EINVAL, "chunk %d of %d", chunk->number, chunk_count);
    if (error == CATALOG_OK) {
        present = present_chunk(c, chunk);
        error = present < 0 ? present : CATALOG_OK;
    }
    if (error == CATALOG_OK && present == 0)
        error = insert_chunk(c, chunk);
    if (error == CATALOG_OK && present == 0)
        error = note_optional(c, &owned, chunk->rendition_id, now_ms);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

int catalog_lesson_set_poster(
    struct catalog *c, int64_t job_id, const char *owner, const char *poster_file)
{
    struct owned owned = {0};
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = check_owned(c, job_id, owner, &owned);
    if (error == CATALOG_OK)
        error = db_run(c,
            db_bind(
                db_statement(c, STATEMENT_LESSON_SET_POSTER), "is", owned.lesson_id, poster_file),
            NULL);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

int catalog_lesson_set_storyboard(struct catalog *c, int64_t job_id, const char *owner, int sheets)
{
    struct owned owned = {0};
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = check_owned(c, job_id, owner, &owned);
    if (error == CATALOG_OK)
        error = db_run(c,
            db_bind(db_statement(c, STATEMENT_LESSON_SET_STORYBOARD), "ii", owned.lesson_id,
                (int64_t)sheets),
            NULL);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

int catalog_job_finish(struct catalog *c, int64_t job_id, const char *owner, int64_t now_ms)
{
    struct owned owned = {0};
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = check_owned(c, job_id, owner, &owned);
    if (error == CATALOG_OK && owned.kind == CATALOG_JOB_PROBE)
        error = db_fail(c, CATALOG_EINVAL, "a probe ends with its findings");
    if (error == CATALOG_OK)
        error = set_state(c, job_id, CATALOG_JOB_DONE, "", "");
    if (error == CATALOG_OK)
        error = finish_lesson(c, owned.lesson_id, owned.revision, now_ms);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

/* ---- reading ---- */

static int fill_job(struct catalog *c, sqlite3_stmt *s, struct catalog_job *j)
{
    j->id = sqlite3_column_int64(s, 0);
    j->lesson_id = sqlite3_column_int64(s, 1);
    int *const numbers[] = {&j->revision, &j->kind, &j->state, &j->chunk, &j->cost, &j->attempt,
        &j->max_attempts, &j->progress_permille};
    for (int i = 0; i < 8; i++)
        *numbers[i] = sqlite3_column_int(s, 2 + i);
    j->lease_until_ms = sqlite3_column_int64(s, 10);
    j->deadline_ms = sqlite3_column_int64(s, 11);
    j->owner = db_text(s, 12);
    j->reason = db_text(s, 13);
    j->reason_detail = db_text(s, 14);
    j->lesson_title = db_text(s, 15);
    bool complete = j->owner && j->reason && j->reason_detail && j->lesson_title;
    return complete ? CATALOG_OK : db_fail(c, CATALOG_ENOMEM, "out of memory");
}

static int read_jobs(struct catalog *c, sqlite3_stmt *s, struct catalog_jobs *out)
{
    int row;
    *out = (struct catalog_jobs){0};
    while ((row = db_row(c, s)) > 0) {
        struct catalog_job *job = db_grow((void **)&out->items, &out->count, sizeof(*job));
        row = job ? fill_job(c, s, job) : db_fail(c, CATALOG_ENOMEM, "out of memory");
        if (row < 0)
            break;
    }
    db_done(s);
    if (row < 0)
        catalog_jobs_free(out);
    return row;
}

int catalog_jobs(struct catalog *c, int64_t lesson_id, struct catalog_jobs *out)
{
    if (lesson_id == 0)
        return read_jobs(c, db_statement(c, STATEMENT_JOBS_ACTIVE), out);
    return read_jobs(c, db_bind(db_statement(c, STATEMENT_JOBS_OF_LESSON), "i", lesson_id), out);
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
