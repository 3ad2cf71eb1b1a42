/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scheduler: leases jobs from the catalog, runs a worker process for each, records what workers
 * finish, retries, gives up. Runs on one thread and one event_base, with a catalog connection of
 * its own; whoever opens it must hold STORE_LOCK_JOBS.
 */
#ifndef NODE_JOBS_SCHEDULER_H
#define NODE_JOBS_SCHEDULER_H

#include "catalog/catalog.h"
#include "node/store/store.h"
#include "transcoder/plan/plan.h"

/* With less room than that no piece of work is begun. */
#define SCHEDULER_MIN_ROOM_BYTES (64LL * 1024 * 1024)

struct event_base;
struct scheduler;

struct scheduler_params {
    struct event_base *base;
    struct catalog *catalog; /* used on base's thread only; the caller's, outlives the scheduler */
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
int scheduler_open(struct scheduler **out, const struct scheduler_params *params);
/* Looks for work now instead of at the next poll. base's thread. */
void scheduler_wake(struct scheduler *scheduler);
/* Workers running now. */
int scheduler_running(const struct scheduler *scheduler);
/* Ends all workers (SIGTERM, then SIGKILL after grace_ms), gives their leases back without counting
 * the attempt, frees, sets *scheduler to NULL. Accepts NULL. */
void scheduler_close(struct scheduler **scheduler, int64_t grace_ms);

/* Finds terrace-worker: $TERRACE_WORKER, else beside this program, else in ../libexec/terrace
 * beside it. 0 or -ENOENT. */
int scheduler_find_worker(char *out, size_t out_bytes);

#endif
