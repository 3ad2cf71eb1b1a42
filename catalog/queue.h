/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the catalog: the fair queue (fair_queue.h) on the database. All inside a transaction. */
#ifndef CATALOG_QUEUE_H
#define CATALOG_QUEUE_H

#include "catalog/db.h"
#include "catalog/fair_queue.h"

/* Reads who waits. On success *out is the caller's, freed with queue_free(). */
int queue_read(struct catalog *c, struct fair_queue *out);
void queue_free(struct fair_queue *queue);
/* Books a job of that cost to the choice's submitter. */
int queue_charge(struct catalog *c, struct fair_queue *queue,
    const struct fair_queue_choice *choice, int64_t cost);
/* Takes back what was booked for a job that its node's end stopped, not its own failing. */
int queue_refund(struct catalog *c, int64_t job_id);

#endif
