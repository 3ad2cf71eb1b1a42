/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records a worker's messages in the catalog. Runs on the scheduler's thread. */
#ifndef NODE_JOBS_RECORD_H
#define NODE_JOBS_RECORD_H

#include "node/jobs/worker_state.h"

/* Checks a message against the job that the worker was given, and writes it to the catalog. Reports
 * of the worker's success or failure are only kept in *worker. Returns 0; or -1 if the worker must
 * be ended, with its fate set. */
int record_message(struct worker *worker, const struct message *message);

#endif
