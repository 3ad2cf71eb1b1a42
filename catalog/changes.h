/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What has changed since a certain moment. Each change of lessons, jobs and uploads, by any process,
 * has a number. Triggers in schema/ count them. */
#ifndef CATALOG_CHANGES_H
#define CATALOG_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/errors.h"
#include "catalog/lesson_rows.h"

/* Reads the number of the last change. Polling it is cheap. */
enum catalog_error catalog_change_number(struct catalog *catalog, int64_t *out);

struct catalog_changes {
    int64_t number; /* of the last change when this was read; the next question begins here */
    /* What has changed can't be told, because it is too much or too long ago: lists have to be read
     * again. Then the other members are empty. */
    bool reread;
    struct catalog_lessons lessons; /* new or changed, those that changed first come first */
    int64_t *removed;               /* the numbers of removed lessons */
    size_t removed_count;
};

/*
 * Reads what has changed after the change `since`. A lesson whose place in the queue moved has not
 * changed by that: see catalog_queue_order() (queue.h).
 * limit: more changed lessons, or more removed ones, than this are told as reread.
 */
enum catalog_error catalog_changes(
    struct catalog *catalog, int64_t since, int limit, struct catalog_changes *out);

void catalog_changes_free(struct catalog_changes *changes);

#endif
