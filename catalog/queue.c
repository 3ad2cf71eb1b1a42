/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/queue.h"

#include <stdlib.h>
#include <string.h>

/* Walking on costs positions times lessons; nobody reads further than this. */
#define MAX_POSITIONS 1000

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
static bool read_submitter(sqlite3_stmt *s, struct fair_queue *out)
{
    const char *name = (const char *)sqlite3_column_text(s, 6);
    if (!name)
        return false;
    if (out->submitter_count > 0 &&
        strcmp(out->submitters[out->submitter_count - 1].name, name) == 0)
        return true;
    struct fair_queue_submitter *submitter =
        db_grow((void **)&out->submitters, &out->submitter_count, sizeof(*submitter));
    if (!submitter)
        return false;
    submitter->name = db_text(s, 6);
    submitter->clock = sqlite3_column_int64(s, 7);
    submitter->aged = sqlite3_column_int64(s, 8);
    return submitter->name != NULL;
}

static int read_lesson(struct catalog *c, sqlite3_stmt *s, struct fair_queue *out)
{
    struct fair_queue_lesson *lesson = NULL;
    if (read_submitter(s, out))
        lesson = db_grow((void **)&out->lessons, &out->lesson_count, sizeof(*lesson));
    if (!lesson)
        return db_fail(c, CATALOG_ENOMEM, "out of memory");
    bool optional = sqlite3_column_int(s, 3) != 0;
    int64_t all_left = sqlite3_column_int64(s, 4), extra_left = sqlite3_column_int64(s, 5);
    *lesson = (struct fair_queue_lesson){
        .id = sqlite3_column_int64(s, 0),
        .submitter = out->submitter_count - 1,
        .priority = sqlite3_column_int(s, 1),
        .probed = sqlite3_column_int(s, 2) != 0,
        .optional = optional,
        .work_left = optional ? extra_left : all_left - extra_left,
    };
    return CATALOG_OK;
}

int queue_read(struct catalog *c, struct fair_queue *out)
{
    *out = (struct fair_queue){0};
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

void queue_free(struct fair_queue *queue)
{
    for (size_t i = 0; i < queue->submitter_count; i++)
        free(queue->submitters[i].name);
    free(queue->submitters);
    free(queue->lessons);
    *queue = (struct fair_queue){0};
}

int queue_charge(struct catalog *c, struct fair_queue *queue,
    const struct fair_queue_choice *choice, int64_t cost)
{
    fair_queue_charge(queue, choice, cost);
    const struct fair_queue_submitter *submitter =
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

/* ---- what people see ---- */

static int compare_ids(const void *key, const void *lesson)
{
    int64_t wanted = *(const int64_t *)key, there = ((const struct fair_queue_lesson *)lesson)->id;
    return (wanted > there) - (wanted < there);
}

static int compare_lessons(const void *a, const void *b)
{
    return compare_ids(&((const struct fair_queue_lesson *)a)->id, b);
}

int catalog_queue_positions(struct catalog *c, struct catalog_lessons *lessons)
{
    struct fair_queue queue;
    int error = queue_read(c, &queue);
    if (error != CATALOG_OK)
        return error;
    fair_queue_forecast(&queue, MAX_POSITIONS);
    if (queue.lesson_count > 0)
        qsort(queue.lessons, queue.lesson_count, sizeof(queue.lessons[0]), compare_lessons);
    for (size_t i = 0; queue.lesson_count > 0 && i < lessons->count; i++) {
        const struct fair_queue_lesson *found = bsearch(&lessons->items[i].id, queue.lessons,
            queue.lesson_count, sizeof(queue.lessons[0]), compare_ids);
        lessons->items[i].position = found ? found->position : 0;
    }
    queue_free(&queue);
    return CATALOG_OK;
}
