/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Walking on costs positions times lessons; nobody reads further than this. */
#define MOST_POSITIONS 1000

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

/* ---- reading and booking ---- */

static int read_clock(struct catalog *c, int64_t *clock)
{
    sqlite3_stmt *s = db_statement(c, STATEMENT_QUEUE_CLOCK);
    int row = db_row(c, s);
    if (row <= 0)
        return row < 0 ? row : db_fail(c, CATALOG_ECORRUPT, "the queue's clock is missing");
    *clock = sqlite3_column_int64(s, 0);
    db_done(s);
    return CATALOG_OK;
}

/* Rows come by submitter: he is new, or the last one. */
static bool read_submitter(sqlite3_stmt *s, struct fair *out)
{
    const char *name = (const char *)sqlite3_column_text(s, 6);
    if (!name)
        return false;
    if (out->submitter_count > 0 &&
        strcmp(out->submitters[out->submitter_count - 1].name, name) == 0)
        return true;
    struct fair_submitter *submitter =
        db_grow((void **)&out->submitters, &out->submitter_count, sizeof(*submitter));
    if (!submitter)
        return false;
    submitter->name = db_text(s, 6);
    submitter->clock = sqlite3_column_int64(s, 7);
    submitter->aged = sqlite3_column_int64(s, 8);
    return submitter->name != NULL;
}

static int read_lesson(struct catalog *c, sqlite3_stmt *s, struct fair *out)
{
    struct fair_lesson *lesson = NULL;
    if (read_submitter(s, out))
        lesson = db_grow((void **)&out->lessons, &out->lesson_count, sizeof(*lesson));
    if (!lesson)
        return db_fail(c, CATALOG_ENOMEM, "out of memory");
    bool extra = sqlite3_column_int(s, 3) != 0;
    int64_t all_left = sqlite3_column_int64(s, 4), extra_left = sqlite3_column_int64(s, 5);
    *lesson = (struct fair_lesson){
        .id = sqlite3_column_int64(s, 0),
        .submitter = out->submitter_count - 1,
        .priority = sqlite3_column_int(s, 1),
        .probed = sqlite3_column_int(s, 2) != 0,
        .extra = extra,
        .work_left = extra ? extra_left : all_left - extra_left,
    };
    return CATALOG_OK;
}

int queue_read(struct catalog *c, struct fair *out)
{
    *out = (struct fair){0};
    int row = read_clock(c, &out->clock);
    if (row < 0)
        return row;
    sqlite3_stmt *s = db_statement(c, STATEMENT_QUEUE_LESSONS);
    while ((row = db_row(c, s)) > 0) {
        row = read_lesson(c, s, out);
        if (row < 0)
            break;
    }
    db_done(s);
    if (row < 0)
        queue_free(out);
    return row;
}

void queue_free(struct fair *queue)
{
    for (size_t i = 0; i < queue->submitter_count; i++)
        free(queue->submitters[i].name);
    free(queue->submitters);
    free(queue->lessons);
    *queue = (struct fair){0};
}

int queue_charge(
    struct catalog *c, struct fair *queue, const struct fair_choice *choice, int64_t cost)
{
    fair_charge(queue, choice, cost);
    const struct fair_submitter *submitter =
        &queue->submitters[queue->lessons[choice->lesson].submitter];
    int error = db_run(c,
        db_bind(db_statement(c, STATEMENT_QUEUE_CHARGE), "sii", submitter->name, submitter->clock,
            submitter->aged),
        NULL);
    if (error == CATALOG_OK)
        error =
            db_run(c, db_bind(db_statement(c, STATEMENT_QUEUE_SET_CLOCK), "i", queue->clock), NULL);
    return error;
}

int queue_refund(struct catalog *c, int64_t job_id)
{
    return db_run(c, db_bind(db_statement(c, STATEMENT_QUEUE_REFUND), "i", job_id), NULL);
}

/* ---- what people see and set ---- */

static int compare_ids(const void *key, const void *lesson)
{
    int64_t wanted = *(const int64_t *)key, there = ((const struct fair_lesson *)lesson)->id;
    return (wanted > there) - (wanted < there);
}

static int compare_lessons(const void *a, const void *b)
{
    return compare_ids(&((const struct fair_lesson *)a)->id, b);
}

int catalog_queue_positions(struct catalog *c, struct catalog_lessons *lessons)
{
    struct fair queue;
    int error = queue_read(c, &queue);
    if (error != CATALOG_OK)
        return error;
    fair_forecast(&queue, MOST_POSITIONS);
    if (queue.lesson_count > 0)
        qsort(queue.lessons, queue.lesson_count, sizeof(queue.lessons[0]), compare_lessons);
    for (size_t i = 0; queue.lesson_count > 0 && i < lessons->count; i++) {
        const struct fair_lesson *found = bsearch(&lessons->items[i].id, queue.lessons,
            queue.lesson_count, sizeof(queue.lessons[0]), compare_ids);
        lessons->items[i].position = found ? found->position : 0;
    }
    queue_free(&queue);
    return CATALOG_OK;
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
