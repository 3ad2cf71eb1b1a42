/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One worker process, from its start to the settling of its job. The scheduler's thread. */
#ifndef NODE_JOBS_WORKER_H
#define NODE_JOBS_WORKER_H

#include "node/jobs/worker_state.h"

/* Starts a worker for a leased job. Takes *leased over, on failure too; params must outlive the
 * worker. Returns 0; -ECANCELED if the job needed no worker or got none, and is settled; -ENOMEM. On
 * failure *out is NULL. */
int worker_start(
    struct worker **out, const struct worker_params *params, struct catalog_jobs *leased);

/* Ends the process; on_end follows. The first fate that is given counts. */
void worker_kill(struct worker *worker, enum worker_fate fate);

/* Renews the lease, and ends a worker that is past its deadline or has fallen silent. now_ms: wall
 * clock. */
void worker_tick(struct worker *worker, int64_t now_ms);

#endif
