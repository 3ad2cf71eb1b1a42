/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One worker process, from its start until its job is finished or given back. The scheduler's
 * thread. */
#ifndef NODE_JOBS_WORKER_H
#define NODE_JOBS_WORKER_H

#include "node/jobs/worker_state.h"

/* Starts a worker for a leased job. Takes *leased over, on failure too. params must outlive the
 * worker. Returns 0; -ECANCELED if the job needed no worker or its worker could not start, and the
 * job is finished or given back; -ENOMEM. On failure *out is NULL. */
int worker_start(
    struct worker **out, const struct worker_params *params, struct catalog_jobs *leased);

/* Ends the process. on_end is called later. If this is called more than once, the first fate
 * counts. */
void worker_kill(struct worker *worker, enum worker_fate fate);

/* Renews the lease. Ends a worker that is past its deadline or has been silent for too long.
 * now_ms: wall clock. */
void worker_tick(struct worker *worker, int64_t now_ms);

#endif
