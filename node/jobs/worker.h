/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs one worker process, from its start until its job is finished or given back. All functions
 * run on the scheduler's thread. */
#ifndef NODE_JOBS_WORKER_H
#define NODE_JOBS_WORKER_H

#include "node/jobs/worker_state.h"

/* Starts a worker for a leased job. Takes *leased over, on failure too. params must outlive the
 * worker. Returns 0; -ECANCELED if the job needed no worker or its worker could not start: the job
 * is finished or given back; -ENOMEM: the lease is left to expire. On failure *out is NULL. */
int worker_start(
    struct worker **out, const struct worker_params *params, struct catalog_jobs *leased);

/* Ends the process: with SIGTERM for FATE_STOPPED, else with SIGKILL. on_end is called later. If
 * this is called more than once, the first fate counts. */
void worker_kill(struct worker *worker, enum worker_fate fate);

/* Renews the lease in time. Ends a worker that is past its deadline, has been silent for too long,
 * or has lost its lease. */
void worker_tick(struct worker *worker);

#endif
