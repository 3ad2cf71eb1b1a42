/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a worker's message to the catalog. The scheduler's thread. */
#ifndef NODE_JOBS_RECORD_H
#define NODE_JOBS_RECORD_H

#include "node/jobs/worker_state.h"

/* Checks a message against the job that the worker was given, and writes it to the catalog. Returns
 * 0; or -1 if the worker must be ended, with its fate set. */
int record_message(struct worker *worker, const struct message *message);

#endif
