/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/db.h"

static const char *const state_names[] = {
    [CATALOG_LESSON_QUEUED] = "queued",
    [CATALOG_LESSON_WORKING] = "working",
    [CATALOG_LESSON_READY] = "ready",
    [CATALOG_LESSON_FAILED] = "failed",
};
#define STATES ((int)(sizeof(state_names) / sizeof(state_names[0])))

/* Which state may follow which: [from][to]. */
static const bool legal[STATES][STATES] = {
    [CATALOG_LESSON_QUEUED] = {[CATALOG_LESSON_WORKING] = true, [CATALOG_LESSON_FAILED] = true},
    [CATALOG_LESSON_WORKING] = {[CATALOG_LESSON_READY] = true, [CATALOG_LESSON_FAILED] = true},
    [CATALOG_LESSON_FAILED] = {[CATALOG_LESSON_QUEUED] = true, [CATALOG_LESSON_WORKING] = true},
};

const char *catalog_lesson_state_name(int state)
{
    return state >= 0 && state < STATES ? state_names[state] : NULL;
}

/* ---- inside transactions ---- */

int event_insert(
    struct catalog *c, int64_t lesson_id, const char *code, const char *detail, int64_t now_ms)
{
    return db_run(c,
        db_bind(db_statement(c, STATEMENT_EVENT_INSERT), "iiss", lesson_id, now_ms, code, detail),
        NULL);
}

int lesson_state(struct catalog *c, int64_t lesson_id, int *state)
{
    sqlite3_stmt *statement = db_bind(db_statement(c, STATEMENT_LESSON_STATE), "i", lesson_id);
    int row = db_row(c, statement);
    if (row <= 0)
        return row < 0
                   ? row
                   : db_fail(c, CATALOG_ENOTFOUND, "there is no lesson %lld", (long long)lesson_id);
    *state = sqlite3_column_int(statement, 0);
    db_done(statement);
    return CATALOG_OK;
}

int lesson_set_state(struct catalog *c, int64_t lesson_id, int state, const char *reason,
    const char *detail, int64_t now_ms)
{
    int from = 0;
    int error = lesson_state(c, lesson_id, &from);
    if (error != CATALOG_OK)
        return error;
    if (from < 0 || from >= STATES || !legal[from][state])
        return db_fail(c, CATALOG_ESTATE, "lesson %lld can't go from %s to %s",
            (long long)lesson_id, catalog_lesson_state_name(from), state_names[state]);
    return db_run(c,
        db_bind(db_statement(c, STATEMENT_LESSON_SET_STATE), "iissi", lesson_id, (int64_t)state,
            reason, detail, now_ms),
        NULL);
}

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

int catalog_event_add(
    struct catalog *c, int64_t lesson_id, const char *code, const char *detail, int64_t now_ms)
{
    int state = 0;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = lesson_state(c, lesson_id, &state);
    if (error == CATALOG_OK)
        error = event_insert(c, lesson_id, code, detail, now_ms);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

/* ---- reading ---- */

static int fill_lesson(struct catalog *c, sqlite3_stmt *s, struct catalog_lesson *l)
{
    l->id = sqlite3_column_int64(s, 0);
    l->revision = sqlite3_column_int(s, 1);
    l->state = sqlite3_column_int(s, 2);
    l->published = sqlite3_column_int(s, 3) != 0;
    char **const texts[] = {&l->title, &l->topic, &l->description, &l->language, &l->submitter,
        &l->reason, &l->reason_detail};
    bool complete = true;
    for (int i = 0; i < 7; i++)
        complete &= (*texts[i] = db_text(s, 4 + i)) != NULL;
    l->duration_us = sqlite3_column_int64(s, 11);
    l->created_ms = sqlite3_column_int64(s, 12);
    l->updated_ms = sqlite3_column_int64(s, 13);
    char **const more[] = {&l->poster_file, &l->info_text, &l->source_file, &l->remuxed_file,
        &l->source_name, &l->source_sha256};
    for (int i = 0; i < 6; i++)
        complete &= (*more[i] = db_text(s, 14 + i)) != NULL;
    l->source_bytes = sqlite3_column_int64(s, 20);
    l->remuxed_bytes = sqlite3_column_int64(s, 21);
    l->playable = sqlite3_column_int(s, 22) != 0;
    /* The probe is no measure of the whole. */
    l->progress_permille = l->state == CATALOG_LESSON_READY    ? 1000
                           : l->state == CATALOG_LESSON_QUEUED ? 0
                                                               : sqlite3_column_int(s, 23);
    l->media_bytes = sqlite3_column_int64(s, 24);
    l->priority = sqlite3_column_int(s, 25);
    l->paused = sqlite3_column_int(s, 26) != 0;
    l->queued_jobs = sqlite3_column_int(s, 27);
    l->running_jobs = sqlite3_column_int(s, 28);
    l->storyboard_sheets = sqlite3_column_int(s, 29);
    complete &= (l->legacy_name = db_text(s, 30)) != NULL;
    l->extras_made = sqlite3_column_int(s, 31);
    l->extra_jobs = sqlite3_column_int(s, 32);
    l->extra_permille = sqlite3_column_int(s, 33);
    l->extras_failed = sqlite3_column_int(s, 34) != 0;
    complete &= (l->salvaged = db_text(s, 35)) != NULL;
    return complete ? CATALOG_OK : db_fail(c, CATALOG_ENOMEM, "out of memory");
}

static int read_lessons(struct catalog *c, sqlite3_stmt *statement, struct catalog_lessons *out)
{
    int row;
    *out = (struct catalog_lessons){0};
    while ((row = db_row(c, statement)) > 0) {
        struct catalog_lesson *lesson = db_grow((void **)&out->items, &out->count, sizeof(*lesson));
        row = lesson ? fill_lesson(c, statement, lesson)
                     : db_fail(c, CATALOG_ENOMEM, "out of memory");
        if (row < 0)
            break;
    }
    db_done(statement);
    if (row < 0)
        catalog_lessons_free(out);
    return row;
}

int catalog_lessons(
    struct catalog *c, const struct catalog_lesson_filter *filter, struct catalog_lessons *out)
{
    if (filter->at_work)
        return read_lessons(c, db_statement(c, STATEMENT_LESSONS_AT_WORK), out);
    enum statement number =
        filter->published_only ? STATEMENT_LESSONS_PUBLISHED : STATEMENT_LESSONS;
    int64_t before = filter->before_id > 0 ? filter->before_id : INT64_MAX;
    int64_t most = filter->limit > 0 ? filter->limit : -1;
    return read_lessons(c, db_bind(db_statement(c, number), "ii", before, most), out);
}

int catalog_lesson_get(struct catalog *c, int64_t lesson_id, struct catalog_lessons *out)
{
    int error =
        read_lessons(c, db_bind(db_statement(c, STATEMENT_LESSON_GET), "i", lesson_id), out);
    if (error == CATALOG_OK && out->count == 0)
        error = db_fail(c, CATALOG_ENOTFOUND, "there is no lesson %lld", (long long)lesson_id);
    return error;
}

void catalog_lessons_free(struct catalog_lessons *lessons)
{
    if (!lessons)
        return;
    for (size_t i = 0; i < lessons->count; i++) {
        struct catalog_lesson *l = &lessons->items[i];
        char *const texts[] = {l->title, l->topic, l->description, l->language, l->submitter,
            l->reason, l->reason_detail, l->source_file, l->source_name, l->source_sha256,
            l->remuxed_file, l->poster_file, l->legacy_name, l->info_text, l->salvaged};
        for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++)
            free(texts[t]);
    }
    free(lessons->items);
    *lessons = (struct catalog_lessons){0};
}

int catalog_events(struct catalog *c, int64_t lesson_id, int most, struct catalog_events *out)
{
    int row;
    *out = (struct catalog_events){0};
    sqlite3_stmt *s = db_bind(
        db_statement(c, STATEMENT_EVENTS), "ii", lesson_id, (int64_t)(most > 0 ? most : -1));
    while ((row = db_row(c, s)) > 0) {
        struct catalog_event *event = db_grow((void **)&out->items, &out->count, sizeof(*event));
        if (event) {
            event->id = sqlite3_column_int64(s, 0);
            event->lesson_id = sqlite3_column_int64(s, 1);
            event->time_ms = sqlite3_column_int64(s, 2);
            event->code = db_text(s, 3);
            event->detail = db_text(s, 4);
        }
        if (!event || !event->code || !event->detail) {
            row = db_fail(c, CATALOG_ENOMEM, "out of memory");
            break;
        }
    }
    db_done(s);
    if (row < 0)
        catalog_events_free(out);
    return row;
}

void catalog_events_free(struct catalog_events *events)
{
    if (!events)
        return;
    for (size_t i = 0; i < events->count; i++) {
        free(events->items[i].code);
        free(events->items[i].detail);
    }
    free(events->items);
    *events = (struct catalog_events){0};
}
