/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/queue.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/db.h"

/* A forecast takes time in proportion to positions times lessons, and nobody reads further. */
#define MAX_POSITIONS 1000

/* ---- reading and booking ---- */

static enum catalog_error read_clock(struct catalog *cat, int64_t *clock)
{
    sqlite3_stmt *query = db_query(cat, STATEMENT_QUEUE_CLOCK, "");
    int row = db_row(cat, query);
    if (row < 0)
        return row;
    if (row == 0)
        return db_fail(cat, CATALOG_ECORRUPT, "the queue's clock is missing");
    *clock = sqlite3_column_int64(query, DB_ONLY_COLUMN);
    db_done(query);
    return CATALOG_OK;
}

/* Adds the submitter of a row, unless it is that of the row before: rows are ordered by submitter.
 * Returns false if memory is short. */
static bool add_submitter(struct catalog *cat, sqlite3_stmt *row, struct fair_queue *queue)
{
    const char *name = (const char *)sqlite3_column_text(row, WAITING_SUBMITTER);
    if (!name)
        return false;
    if (queue->submitter_count > 0 &&
        strcmp(queue->submitters[queue->submitter_count - 1].name, name) == 0)
        return true;
    struct fair_queue_submitter *submitter =
        db_grow((void **)&queue->submitters, &queue->submitter_count, sizeof(*submitter));
    if (!submitter)
        return false;
    submitter->name = db_text(cat, row, WAITING_SUBMITTER);
    submitter->clock = sqlite3_column_int64(row, WAITING_CLOCK);
    submitter->aged = sqlite3_column_int64(row, WAITING_AGED);
    return submitter->name != NULL;
}

static enum catalog_error add_lesson(
    struct catalog *cat, sqlite3_stmt *row, struct fair_queue *queue)
{
    if (!add_submitter(cat, row, queue))
        return db_out_of_memory(cat);
    struct fair_queue_lesson *lesson =
        db_grow((void **)&queue->lessons, &queue->lesson_count, sizeof(*lesson));
    if (!lesson)
        return db_out_of_memory(cat);
    bool optional = sqlite3_column_int(row, WAITING_OPTIONAL) != 0;
    int64_t work_left = sqlite3_column_int64(row, WAITING_WORK_LEFT);
    int64_t optional_left = sqlite3_column_int64(row, WAITING_OPTIONAL_LEFT);
    *lesson = (struct fair_queue_lesson){
        .id = sqlite3_column_int64(row, WAITING_LESSON_ID),
        .submitter = queue->submitter_count - 1,
        .priority = sqlite3_column_int(row, WAITING_PRIORITY),
        .probed = sqlite3_column_int(row, WAITING_PROBED) != 0,
        .optional = optional,
        .work_left = optional ? optional_left : work_left - optional_left,
    };
    return CATALOG_OK;
}

enum catalog_error queue_read(struct catalog *cat, struct fair_queue *out)
{
    *out = (struct fair_queue){0};
    enum catalog_error error = read_clock(cat, &out->clock);
    if (error != CATALOG_OK)
        return error;
    sqlite3_stmt *query = db_query(cat, STATEMENT_QUEUE_LESSONS, "");
    int row;
    while ((row = db_row(cat, query)) > 0) {
        error = add_lesson(cat, query, out);
        if (error != CATALOG_OK)
            break;
    }
    db_done(query);
    if (row < 0)
        error = row;
    if (error != CATALOG_OK)
        queue_free(out);
    return error;
}

void queue_free(struct fair_queue *queue)
{
    for (size_t i = 0; i < queue->submitter_count; i++)
        free(queue->submitters[i].name);
    free(queue->submitters);
    free(queue->lessons);
    *queue = (struct fair_queue){0};
}

enum catalog_error queue_charge(struct catalog *cat, struct fair_queue *queue,
    const struct fair_queue_choice *choice, int64_t cost)
{
    fair_queue_charge(queue, choice, cost);
    const struct fair_queue_submitter *submitter =
        &queue->submitters[queue->lessons[choice->lesson].submitter];
    enum catalog_error error = db_execute(
        cat, STATEMENT_QUEUE_CHARGE, "sll", submitter->name, submitter->clock, submitter->aged);
    if (error != CATALOG_OK)
        return error;
    return db_execute(cat, STATEMENT_QUEUE_SET_CLOCK, "l", queue->clock);
}

enum catalog_error queue_refund(struct catalog *cat, int64_t job_id)
{
    return db_execute(cat, STATEMENT_QUEUE_REFUND, "l", job_id);
}

/* ---- what people see ---- */

static int compare_id(const void *key, const void *lesson)
{
    int64_t wanted = *(const int64_t *)key, id = ((const struct fair_queue_lesson *)lesson)->id;
    return (wanted > id) - (wanted < id);
}

static int compare_lessons(const void *a, const void *b)
{
    return compare_id(&((const struct fair_queue_lesson *)a)->id, b);
}

enum catalog_error catalog_queue_positions(struct catalog *cat, struct catalog_lessons *lessons)
{
    struct fair_queue queue = {0};
    enum catalog_error error = queue_read(cat, &queue);
    if (error != CATALOG_OK)
        return error;
    fair_queue_forecast(&queue, MAX_POSITIONS);
    if (queue.lesson_count > 0)
        qsort(queue.lessons, queue.lesson_count, sizeof(queue.lessons[0]), compare_lessons);
    for (size_t i = 0; queue.lesson_count > 0 && i < lessons->count; i++) {
        const struct fair_queue_lesson *found = bsearch(&lessons->items[i].id, queue.lessons,
            queue.lesson_count, sizeof(queue.lessons[0]), compare_id);
        lessons->items[i].position = found ? found->position : 0;
    }
    queue_free(&queue);
    return CATALOG_OK;
}

/* Sorts by position, those without one last. */
static int compare_positions(const void *a, const void *b)
{
    unsigned of_a = (unsigned)((const struct fair_queue_lesson *)a)->position - 1,
             of_b = (unsigned)((const struct fair_queue_lesson *)b)->position - 1;
    return (of_a > of_b) - (of_a < of_b);
}

enum catalog_error catalog_queue_order(struct catalog *cat, int64_t **ids, size_t *count)
{
    struct fair_queue queue = {0};
    enum catalog_error error = queue_read(cat, &queue);
    *ids = NULL;
    *count = 0;
    if (error != CATALOG_OK)
        return error;
    fair_queue_forecast(&queue, MAX_POSITIONS);
    if (queue.lesson_count > 0) {
        qsort(queue.lessons, queue.lesson_count, sizeof(queue.lessons[0]), compare_positions);
        *ids = malloc(queue.lesson_count * sizeof(**ids));
    }
    if (queue.lesson_count > 0 && !*ids)
        error = db_out_of_memory(cat);
    while (*ids && *count < queue.lesson_count && queue.lessons[*count].position > 0) {
        (*ids)[*count] = queue.lessons[*count].id;
        (*count)++;
    }
    queue_free(&queue);
    return error;
}
