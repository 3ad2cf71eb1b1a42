/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few threads for work that must not block a loop: the catalog, password hashing, fsync. */
#ifndef NODE_UTIL_POOL_H
#define NODE_UTIL_POOL_H

#include <stddef.h>

struct pool;

/* A task. It belongs to the caller and must stay valid until run() is called. run() may free it. */
struct pool_task {
    void (*run)(struct pool_task *task, void *thread_ctx);
    struct pool_task *next; /* used by the pool */
};

struct pool_params {
    int threads; /* 0: 4 */
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
/* Queues a task. Tasks start in the order of submission. Can't fail. Any thread. */
void pool_submit(struct pool *pool, struct pool_task *task);
/* Returns how many tasks have not been started. Any thread. */
size_t pool_waiting(const struct pool *pool);
/* Runs the tasks that are still queued, joins the threads, frees the pool and sets *pool to NULL.
 * Accepts NULL in *pool. */
void pool_close(struct pool **pool);

#endif
