/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few threads for what must not block a loop: the catalog, password hashing, fsync. */
#ifndef NODE_UTIL_POOL_H
#define NODE_UTIL_POOL_H

#include <stddef.h>

struct pool;

/* One piece of work, owned by whoever submits it: it must live until run() was called. run() may
 * free it. */
struct pool_task {
    void (*run)(struct pool_task *task, void *thread_ctx);
    struct pool_task *next; /* the pool's */
};

struct pool_params {
    int threads; /* 0: 4 */
    /* Called on each thread before its first task; NULL result: the thread can't work. May be NULL
     * itself: then every thread_ctx is NULL. */
    void *(*thread_open)(void *ctx);
    void (*thread_close)(
        void *thread_ctx); /* on the same thread, after its last task; may be NULL */
    void *ctx;
};

/* Starts the threads and waits until each has its context. 0; -EIO if a thread_open gave NULL; else
 * a negative errno. On failure *out is NULL and no thread is left. */
int pool_open(struct pool **out, const struct pool_params *params);
/* Queues a task; tasks start in the order of submission. Any thread. Can't fail. */
void pool_submit(struct pool *pool, struct pool_task *task);
/* How many tasks no thread has begun yet. Any thread. */
size_t pool_waiting(const struct pool *pool);
/* Runs what is still queued, joins the threads, frees, sets *pool to NULL. Accepts NULL. */
void pool_close(struct pool **pool);

#endif
