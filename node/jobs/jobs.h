/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scheduler: leases jobs from the catalog, runs a worker process for each, records what workers
 * finish, retries, gives up. Runs on one thread and one event_base, with a catalog connection of
 * its own; whoever opens it must hold STORE_LOCK_JOBS.
 */
#ifndef NODE_JOBS_JOBS_H
#define NODE_JOBS_JOBS_H

#include "catalog/catalog.h"
#include "node/store/store.h"
#include "transcoder/plan/plan.h"

/* With less room than that no piece of work is begun. */
#define JOBS_LEAST_ROOM_BYTES (64LL * 1024 * 1024)

struct event_base;
struct jobs;

struct jobs_params {
    struct event_base *base;
    struct catalog *catalog;   /* used on base's thread only; the caller's, outlives jobs */
    const struct store *store; /* the caller's */
    const char *worker_path;   /* the terrace-worker program */
    int workers;               /* processes at a time; 0: one per core */
    int nice;                  /* workers' niceness; 0: 10 */
    const int64_t *ladder_bps; /* caps of the rungs of lessons that are planned from now on:
                                  PLAN_MAX_RUNGS of them, see plan.h; copied; NULL: the usual */
    bool no_av1;               /* lessons that are planned from now on have none */
    int64_t lease_ms;          /* 0: 60,000; renewed while the worker lives */
    int64_t silence_ms;        /* 0: 300,000; a worker that says nothing for so long is ended */
    int64_t poll_ms;           /* 0: 500; how often the catalog is asked for new work */
};

/* Recovers leases of dead nodes, sweeps rubbish, starts polling. 0 or a negative errno: -EIO the
 * catalog can't be used, -ENOSPC, -EBUSY it can't be written for now. */
int jobs_open(struct jobs **out, const struct jobs_params *params);
/* Looks for work now instead of at the next poll. base's thread. */
void jobs_wake(struct jobs *jobs);
/* Workers running now. */
int jobs_running(const struct jobs *jobs);
/* Ends all workers (SIGTERM, then SIGKILL after grace_ms), gives their leases back without counting
 * the attempt, frees, sets *jobs to NULL. Accepts NULL. */
void jobs_close(struct jobs **jobs, int64_t grace_ms);

/* Finds terrace-worker: $TERRACE_WORKER, else beside this program, else in ../libexec/terrace
 * beside it. 0 or -ENOENT. */
int jobs_find_worker(char *out, size_t out_bytes);

#endif
