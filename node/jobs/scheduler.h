/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scheduler leases jobs from the catalog, runs a worker process for each, and records the
 * results. It retries failed jobs and gives up after some attempts. It runs on one thread and one
 * event_base, with a catalog connection of its own. The process that opens it must hold
 * STORE_LOCK_JOBS. */
#ifndef NODE_JOBS_SCHEDULER_H
#define NODE_JOBS_SCHEDULER_H

#include "catalog/catalog.h"
#include "node/store/store.h"
#include "transcoder/plan/plan.h"

struct event_base;
struct scheduler;

struct scheduler_params {
    struct event_base *base;
    struct catalog
        *catalog; /* the caller's; used only on base's thread; must outlive the scheduler */
    const struct store *store; /* the caller's; must outlive the scheduler */
    const char *worker_path;   /* path of the terrace-worker program */
    int workers;               /* how many run at a time; 0: one per core */
    int nice;                  /* niceness of the workers; 0: 10 */
    const int64_t *ladder_bps; /* caps of the rungs for lessons that are planned from now on:
                                * PLAN_MAX_RUNGS values; copied; NULL: the default ladder */
    bool no_av1;               /* lessons that are planned from now on get no AV1 renditions */
    int64_t lease_ms;          /* 0: 60,000; renewed while the worker runs */
    /* A worker that sends no message for this long is ended if it used processor time for half of
     * it. A worker that used less is ended if it is silent for six times as long. 0: 300,000. */
    int64_t silence_ms;
    int64_t poll_ms; /* how often the catalog is asked for new work; 0: 500 */
};

/* Takes back all leases of earlier processes, deletes old files that the catalog does not name, and
 * starts polling. Returns 0 or a negative errno: -EIO the catalog can't be used; -ENOSPC, -EBUSY it
 * can't be written now; -ENOMEM. */
int scheduler_open(struct scheduler **out, const struct scheduler_params *params);
/* Looks for work now instead of at the next poll. To be called on base's thread. */
void scheduler_wake(struct scheduler *scheduler);
/* The number of workers that are running. */
int scheduler_running(const struct scheduler *scheduler);
/* Ends all workers with SIGTERM, and with SIGKILL after grace_ms. Gives their leases back without
 * counting an attempt, frees the scheduler and sets *scheduler to NULL. Accepts NULL in
 * *scheduler. */
void scheduler_close(struct scheduler **scheduler, int64_t grace_ms);

/* Finds the terrace-worker program. If $TERRACE_WORKER is set and not empty, only that path is
 * tried. Else it is searched for next to this program, then in ../libexec/terrace from there.
 * Returns 0 or -ENOENT. */
int scheduler_find_worker(char *out, size_t out_bytes);

#endif
