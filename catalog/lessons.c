/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/lessons.h"

#include <stdio.h>
#include <string.h>

#include "catalog/db.h"
#include "catalog/events.h"
#include "catalog/jobs.h"
#include "catalog/lesson_state.h"
#include "catalog/renditions.h"

/* ---- creating ---- */

enum catalog_error lesson_insert(
    struct catalog *cat, const struct catalog_new_lesson *n, int64_t *lesson_id)
{
    enum catalog_error error = db_execute(cat, STATEMENT_LESSON_INSERT, "sssssil", n->title,
        n->topic, n->description, n->language, n->submitter, n->publish, n->now_ms);
    if (error != CATALOG_OK)
        return error;
    *lesson_id = sqlite3_last_insert_rowid(cat->db);
    error = db_execute(cat, STATEMENT_SOURCE_INSERT, "lssls", *lesson_id, n->source_file,
        n->source_name, n->source_bytes, n->source_sha256);
    const struct catalog_new_job probe = {.kind = CATALOG_JOB_PROBE, .cost = 1};
    if (error == CATALOG_OK)
        error = job_insert(cat, *lesson_id, 1, &probe);
    if (error == CATALOG_OK)
        error = event_insert(cat, *lesson_id, "created", n->submitter, n->now_ms);
    return error;
}

static enum catalog_error begin_after(struct catalog *cat, int64_t lesson_id)
{
    enum catalog_error error = db_execute(cat, STATEMENT_LESSONS_BEGIN_AFTER, "l", lesson_id);
    return error ? error : db_execute(cat, STATEMENT_LESSONS_BEGIN_FIRST, "l", lesson_id);
}

enum catalog_error catalog_lessons_begin_after(struct catalog *cat, int64_t lesson_id)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, begin_after(cat, lesson_id));
}

enum catalog_error catalog_lesson_create(
    struct catalog *cat, const struct catalog_new_lesson *lesson, int64_t *lesson_id)
{
    if (!lesson->source_file || !lesson->source_file[0] || !lesson->source_name ||
        lesson->source_bytes < 0)
        return db_fail(cat, CATALOG_EINVAL, "a lesson needs a source");
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, lesson_insert(cat, lesson, lesson_id));
}

/* ---- changing ---- */

static enum catalog_error no_lesson(struct catalog *cat, int64_t lesson_id)
{
    return db_fail(cat, CATALOG_ENOTFOUND, "there is no lesson %lld", (long long)lesson_id);
}

static enum catalog_error edit_lesson(
    struct catalog *cat, int64_t lesson_id, const struct catalog_lesson_edit *e, int64_t now_ms)
{
    enum catalog_error error = db_execute(cat, STATEMENT_LESSON_EDIT, "lisisisisl", lesson_id,
        e->title != NULL, e->title, e->topic != NULL, e->topic, e->description != NULL,
        e->description, e->language != NULL, e->language, now_ms);
    if (error != CATALOG_OK)
        return error;
    return db_changed_rows(cat) > 0 ? CATALOG_OK : no_lesson(cat, lesson_id);
}

enum catalog_error catalog_lesson_edit(
    struct catalog *cat, int64_t lesson_id, const struct catalog_lesson_edit *edit, int64_t now_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, edit_lesson(cat, lesson_id, edit, now_ms));
}

static enum catalog_error set_published(
    struct catalog *cat, int64_t lesson_id, bool published, const char *by, int64_t now_ms)
{
    enum catalog_lesson_state state = CATALOG_LESSON_QUEUED;
    enum catalog_error error = lesson_read_state(cat, lesson_id, &state);
    if (error != CATALOG_OK)
        return error;
    if (published && state == CATALOG_LESSON_FAILED)
        return db_fail(cat, CATALOG_ESTATE, "lesson %lld has failed: there is nothing to publish",
            (long long)lesson_id);
    error = db_execute(cat, STATEMENT_LESSON_SET_PUBLISHED, "lil", lesson_id, published, now_ms);
    if (error == CATALOG_OK)
        error = event_insert(cat, lesson_id, published ? "published" : "unpublished", by, now_ms);
    return error;
}

enum catalog_error catalog_lesson_set_published(
    struct catalog *cat, int64_t lesson_id, bool published, const char *by, int64_t now_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, set_published(cat, lesson_id, published, by, now_ms));
}

/* ---- priority and pause ---- */

static const char *const priority_names[] = {"low", "normal", "high"};
#define PRIORITY_COUNT ((int)(sizeof(priority_names) / sizeof(priority_names[0])))

const char *catalog_priority_name(int priority)
{
    int index = priority - CATALOG_PRIORITY_LOW;
    return index >= 0 && index < PRIORITY_COUNT ? priority_names[index] : NULL;
}

bool catalog_priority_parse(const char *name, enum catalog_priority *priority)
{
    for (int i = 0; i < PRIORITY_COUNT; i++) {
        if (strcmp(priority_names[i], name) == 0) {
            *priority = CATALOG_PRIORITY_LOW + i;
            return true;
        }
    }
    return false;
}

/* Without work, there is nothing that could be delayed or brought forward. */
static enum catalog_error expect_work(struct catalog *cat, int64_t lesson_id)
{
    sqlite3_stmt *query = db_query(cat, STATEMENT_LESSON_STATE, "l", lesson_id);
    int row = db_row(cat, query);
    if (row < 0)
        return row;
    if (row == 0)
        return no_lesson(cat, lesson_id);
    int state = sqlite3_column_int(query, PRESENT_STATE);
    bool has_work = sqlite3_column_int64(query, PRESENT_WORK_LEFT) > 0;
    db_done(query);
    if (!has_work)
        return db_fail(cat, CATALOG_ESTATE, "lesson %lld is %s: there is no work left to do on it",
            (long long)lesson_id, catalog_lesson_state_name(state));
    return CATALOG_OK;
}

/* statement: sets one column of a lesson, if the value is new. Only then there is an event. */
static enum catalog_error set_column(struct catalog *cat, enum statement statement,
    int64_t lesson_id, int value, const char *event, const char *by, int64_t now_ms)
{
    enum catalog_error error = expect_work(cat, lesson_id);
    if (error == CATALOG_OK)
        error = db_execute(cat, statement, "lil", lesson_id, value, now_ms);
    if (error != CATALOG_OK || db_changed_rows(cat) == 0)
        return error;
    return event_insert(cat, lesson_id, event, by, now_ms);
}

enum catalog_error catalog_lesson_set_paused(
    struct catalog *cat, int64_t lesson_id, bool paused, const char *by, int64_t now_ms)
{
    const char *event = paused ? "paused" : "resumed";
    enum catalog_error error = db_begin(cat);
    return error ? error
                 : db_end(cat, set_column(cat, STATEMENT_LESSON_SET_PAUSED, lesson_id, paused,
                                   event, by, now_ms));
}

enum catalog_error catalog_lesson_set_priority(
    struct catalog *cat, int64_t lesson_id, int priority, const char *by, int64_t now_ms)
{
    const char *name = catalog_priority_name(priority);
    if (!name)
        return db_fail(cat, CATALOG_EINVAL, "there is no priority %d", priority);
    char event[32];
    snprintf(event, sizeof(event), "priority_%s", name);
    enum catalog_error error = db_begin(cat);
    return error ? error
                 : db_end(cat, set_column(cat, STATEMENT_LESSON_SET_PRIORITY, lesson_id, priority,
                                   event, by, now_ms));
}

/* ---- retrying and removing ---- */

/* Puts a failed lesson back to the state that it had. A probe that was finished left renditions. */
static enum catalog_error leave_failed(struct catalog *cat, int64_t lesson_id, int64_t now_ms)
{
    struct catalog_renditions renditions = {0};
    enum catalog_error error = catalog_renditions(cat, lesson_id, &renditions);
    if (error != CATALOG_OK)
        return error;
    bool probed = renditions.count > 0;
    catalog_renditions_free(&renditions);
    return lesson_set_state(
        cat, lesson_id, probed ? CATALOG_LESSON_WORKING : CATALOG_LESSON_QUEUED, "", "", now_ms);
}

static enum catalog_error retry(
    struct catalog *cat, int64_t lesson_id, const char *by, int64_t now_ms)
{
    enum catalog_lesson_state state = CATALOG_LESSON_QUEUED;
    enum catalog_error error = lesson_read_state(cat, lesson_id, &state);
    if (error == CATALOG_OK)
        error = db_execute(cat, STATEMENT_JOBS_RETRY_LESSON, "l", lesson_id);
    if (error != CATALOG_OK)
        return error;
    if (db_changed_rows(cat) == 0)
        return db_fail(cat, CATALOG_ESTATE, "lesson %lld has not failed", (long long)lesson_id);
    if (state == CATALOG_LESSON_FAILED)
        error = leave_failed(cat, lesson_id, now_ms);
    /* A retry also unpauses the lesson. */
    if (error == CATALOG_OK)
        error = db_execute(cat, STATEMENT_LESSON_SET_PAUSED, "lil", lesson_id, false, now_ms);
    if (error == CATALOG_OK)
        error = event_insert(cat, lesson_id, "retried", by, now_ms);
    return error;
}

enum catalog_error catalog_lesson_retry(
    struct catalog *cat, int64_t lesson_id, const char *by, int64_t now_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, retry(cat, lesson_id, by, now_ms));
}

static enum catalog_error remove_lesson(struct catalog *cat, int64_t lesson_id)
{
    enum catalog_error error = db_execute(cat, STATEMENT_LESSON_REMOVE, "l", lesson_id);
    if (error != CATALOG_OK)
        return error;
    if (db_changed_rows(cat) == 0)
        return no_lesson(cat, lesson_id);
    return db_execute(cat, STATEMENT_UPLOADS_FORGET, "l", lesson_id);
}

enum catalog_error catalog_lesson_remove(struct catalog *cat, int64_t lesson_id)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, remove_lesson(cat, lesson_id));
}
