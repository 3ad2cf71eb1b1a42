/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "catalog/db.h"

/* ---- inside transactions ---- */

int lesson_insert(struct catalog *c, const struct catalog_new_lesson *n, int64_t *lesson_id)
{
    int error = db_run(c,
        db_bind(db_statement(c, STATEMENT_LESSON_INSERT), "sssssii", n->title, n->topic,
            n->description, n->language, n->submitter, (int64_t)n->publish, n->now_ms),
        NULL);
    *lesson_id = sqlite3_last_insert_rowid(c->db);
    if (error == CATALOG_OK)
        error = db_run(c,
            db_bind(db_statement(c, STATEMENT_SOURCE_INSERT), "issis", *lesson_id, n->source_file,
                n->source_name, n->source_bytes, n->source_sha256),
            NULL);
    if (error == CATALOG_OK)
        error = job_insert(
            c, *lesson_id, 1, &(struct catalog_new_job){.kind = CATALOG_JOB_PROBE, .cost = 1});
    if (error == CATALOG_OK)
        error = event_insert(c, *lesson_id, "created", n->submitter, n->now_ms);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return error;
}

/* ---- writing ---- */

int catalog_lesson_create(
    struct catalog *c, const struct catalog_new_lesson *lesson, int64_t *lesson_id)
{
    if (!lesson->source_file || !lesson->source_file[0] || !lesson->source_name ||
        lesson->source_bytes < 0)
        return db_fail(c, CATALOG_EINVAL, "a lesson needs a source");
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = lesson_insert(c, lesson, lesson_id);
    return db_end(c, error);
}

static int expect_lesson(struct catalog *c, int error, int changed, int64_t lesson_id)
{
    if (error == CATALOG_OK && changed == 0)
        return db_fail(c, CATALOG_ENOTFOUND, "there is no lesson %lld", (long long)lesson_id);
    return error;
}

int catalog_lesson_edit(
    struct catalog *c, int64_t lesson_id, const struct catalog_lesson_edit *e, int64_t now_ms)
{
    int changed;
    int error = db_begin(c);
    if (error == CATALOG_OK) {
        error = db_run(c,
            db_bind(db_statement(c, STATEMENT_LESSON_EDIT), "iisisisisi", lesson_id,
                (int64_t)(e->title != NULL), e->title, (int64_t)(e->topic != NULL), e->topic,
                (int64_t)(e->description != NULL), e->description, (int64_t)(e->language != NULL),
                e->language, now_ms),
            &changed);
        error = expect_lesson(c, error, changed, lesson_id);
    }
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

int catalog_lesson_set_published(
    struct catalog *c, int64_t lesson_id, bool published, const char *by, int64_t now_ms)
{
    int state = 0;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = lesson_state(c, lesson_id, &state);
    if (error == CATALOG_OK && published && state == CATALOG_LESSON_FAILED)
        error = db_fail(c, CATALOG_ESTATE, "lesson %lld has failed: there is nothing to publish",
            (long long)lesson_id);
    if (error == CATALOG_OK)
        error = db_run(c,
            db_bind(db_statement(c, STATEMENT_LESSON_SET_PUBLISHED), "iii", lesson_id,
                (int64_t)published, now_ms),
            NULL);
    if (error == CATALOG_OK)
        error = event_insert(c, lesson_id, published ? "published" : "unpublished", by, now_ms);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

/* A failed lesson goes back to where it was. */
static int revive(struct catalog *c, int64_t lesson_id, int64_t now_ms)
{
    struct catalog_renditions renditions;
    int error = catalog_renditions(c, lesson_id, &renditions);
    bool probed = error == CATALOG_OK && renditions.count > 0;
    catalog_renditions_free(&renditions);
    if (error != CATALOG_OK)
        return error;
    return lesson_set_state(
        c, lesson_id, probed ? CATALOG_LESSON_WORKING : CATALOG_LESSON_QUEUED, "", "", now_ms);
}

int catalog_lesson_retry(struct catalog *c, int64_t lesson_id, const char *by, int64_t now_ms)
{
    int state = 0, again = 0;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = lesson_state(c, lesson_id, &state);
    if (error == CATALOG_OK)
        error = db_run(
            c, db_bind(db_statement(c, STATEMENT_JOBS_RETRY_LESSON), "i", lesson_id), &again);
    if (error == CATALOG_OK && again == 0)
        error = db_fail(c, CATALOG_ESTATE, "lesson %lld has not failed", (long long)lesson_id);
    if (error == CATALOG_OK && state == CATALOG_LESSON_FAILED)
        error = revive(c, lesson_id, now_ms);
    /* Who wants it done wants it begun. */
    if (error == CATALOG_OK)
        error = db_run(c,
            db_bind(
                db_statement(c, STATEMENT_LESSON_SET_PAUSED), "iii", lesson_id, (int64_t)0, now_ms),
            NULL);
    if (error == CATALOG_OK)
        error = event_insert(c, lesson_id, "retried", by, now_ms);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

int catalog_lesson_remove(struct catalog *c, int64_t lesson_id)
{
    int changed;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error =
            db_run(c, db_bind(db_statement(c, STATEMENT_LESSON_REMOVE), "i", lesson_id), &changed);
    if (error == CATALOG_OK)
        error = expect_lesson(c, error, changed, lesson_id);
    if (error == CATALOG_OK)
        error = db_run(c, db_bind(db_statement(c, STATEMENT_UPLOADS_FORGET), "i", lesson_id), NULL);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

/* ---- priority and pause ---- */

static const char *const priority_names[] = {"low", "normal", "high"};
#define PRIORITIES ((int)(sizeof(priority_names) / sizeof(priority_names[0])))

const char *catalog_priority_name(int priority)
{
    int at = priority - CATALOG_PRIORITY_LOW;
    return at >= 0 && at < PRIORITIES ? priority_names[at] : NULL;
}

bool catalog_priority_parse(const char *name, int *priority)
{
    for (int i = 0; i < PRIORITIES; i++) {
        if (strcmp(priority_names[i], name) == 0) {
            *priority = i + CATALOG_PRIORITY_LOW;
            return true;
        }
    }
    return false;
}

/* A lesson of which nothing is left to do has nothing that could be put off or brought forward. */
static int expect_work(struct catalog *c, int64_t lesson_id)
{
    sqlite3_stmt *s = db_bind(db_statement(c, STATEMENT_LESSON_STATE), "i", lesson_id);
    int row = db_row(c, s);
    if (row <= 0)
        return row < 0
                   ? row
                   : db_fail(c, CATALOG_ENOTFOUND, "there is no lesson %lld", (long long)lesson_id);
    int state = sqlite3_column_int(s, 0);
    bool work = sqlite3_column_int64(s, 1) > 0;
    db_done(s);
    return work ? CATALOG_OK
                : db_fail(c, CATALOG_ESTATE, "lesson %lld is %s: there is no work left to do on it",
                      (long long)lesson_id, catalog_lesson_state_name(state));
}

/* Sets one of a lesson's fields by that statement. An event only tells of what has changed. */
static int set_field(struct catalog *c, enum statement statement, int64_t lesson_id, int64_t value,
    const char *event, const char *detail, int64_t now_ms)
{
    int changed = 0;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = expect_work(c, lesson_id);
    if (error == CATALOG_OK)
        error = db_run(
            c, db_bind(db_statement(c, statement), "iii", lesson_id, value, now_ms), &changed);
    if (error == CATALOG_OK && changed > 0)
        error = event_insert(c, lesson_id, event, detail, now_ms);
    if (error == CATALOG_OK && changed > 0)
        error = db_touch(c);
    return db_end(c, error);
}

int catalog_lesson_set_paused(
    struct catalog *c, int64_t lesson_id, bool paused, const char *by, int64_t now_ms)
{
    return set_field(c, STATEMENT_LESSON_SET_PAUSED, lesson_id, paused,
        paused ? "paused" : "resumed", by, now_ms);
}

int catalog_lesson_set_priority(
    struct catalog *c, int64_t lesson_id, int priority, const char *by, int64_t now_ms)
{
    char event[32];
    const char *name = catalog_priority_name(priority);
    if (!name)
        return db_fail(c, CATALOG_EINVAL, "there is no priority %d", priority);
    snprintf(event, sizeof(event), "priority_%s", name);
    return set_field(c, STATEMENT_LESSON_SET_PRIORITY, lesson_id, priority, event, by, now_ms);
}
