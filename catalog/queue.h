/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fair queue (fair_queue.h) in the database. */
#ifndef CATALOG_QUEUE_H
#define CATALOG_QUEUE_H

#include <stdint.h>

#include "catalog/errors.h"
#include "catalog/fair_queue.h"
#include "catalog/lesson_rows.h"

/*
 * Fills in the position of each of these lessons: in which order they get their next job.
 * 1 is next. It is a forecast: lessons that come later may go in between. 0: the lesson has no
 * job that can start now, or is beyond position 1000.
 */
enum catalog_error catalog_queue_positions(
    struct catalog *catalog, struct catalog_lessons *lessons);

/*
 * Reads the order in which lessons get their next job: the lesson with position 1 first, up to 1000.
 * The caller frees *ids. Empty: no lesson waits.
 */
enum catalog_error catalog_queue_order(struct catalog *catalog, int64_t **ids, size_t *count);

/* ---- for the other files of catalog/, inside a transaction ---- */

/* Reads the lessons that wait and their submitters. The caller frees *out with queue_free(). */
enum catalog_error queue_read(struct catalog *cat, struct fair_queue *out);

void queue_free(struct fair_queue *queue);

/* Books the cost of a job to the submitter of the chosen lesson. */
enum catalog_error queue_charge(struct catalog *cat, struct fair_queue *queue,
    const struct fair_queue_choice *choice, int64_t cost);

/* Takes back the cost of a job that was given back without a failure of its own. */
enum catalog_error queue_refund(struct catalog *cat, int64_t job_id);

#endif
