/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A few threads for work that must not block a loop: the catalog, password hashing, fsync.
 *
 * Work is divided into lanes, so that none of it waits for work that takes longer or matters less.
 * Within a lane, clients take turns (stochastic fairness queueing, McKenney 1990): each client's
 * tasks wait in one of a fixed number of queues, and the lane takes a task from each queue in turn.
 * So a client with a hundred tasks delays the others by one task.
 */
#ifndef NODE_UTIL_POOL_H
#define NODE_UTIL_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool;

enum pool_lane {
    POOL_MEDIA, /* what a viewer waits for; goes first */
    POOL_API, /* other short work; each of the two leaves one short thread to the other, if there are
                 * two */
    POOL_LONG, /* what may take seconds and more, such as fsync; has threads of its own */
    POOL_LANES,
};

/* A task. It belongs to the caller and must stay valid until run() is called. run() may free it. */
struct pool_task {
    void (*run)(struct pool_task *task, void *thread_ctx);
    enum pool_lane lane;
    uint64_t client;        /* any number that is the same for all tasks of a client */
    struct pool_task *next; /* used by the pool */
};

struct pool_params {
    int threads;      /* for short work; 0: 4 */
    int long_threads; /* 0: 2 */
    /* Called on each thread before its first task. NULL as result: the thread can't work. The
     * function may be NULL; then every thread_ctx is NULL. */
    void *(*thread_open)(void *ctx);
    void (*thread_close)(
        void *thread_ctx); /* called on the same thread after its last task; may be NULL */
    void *ctx;
};

/* Starts the threads and waits until each has its context. Returns 0; -EIO if thread_open returned
 * NULL; or another negative errno. On failure *out is NULL and no thread is left. */
int pool_open(struct pool **out, const struct pool_params *params);
/* Queues a task. Tasks of one client in one lane start in the order of submission. Can't fail. Any
 * thread. */
void pool_submit(struct pool *pool, struct pool_task *task);
/* Returns how many tasks wait in this client's queue of a lane. Any thread. */
size_t pool_waiting(struct pool *pool, enum pool_lane lane, uint64_t client);
/* Runs the tasks that are still queued, joins the threads, frees the pool and sets *pool to NULL.
 * Accepts NULL in *pool. */
void pool_close(struct pool **pool);

#endif
