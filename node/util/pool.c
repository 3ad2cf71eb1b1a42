/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/util/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum { DEFAULT_THREADS = 4 };

struct pool {
    struct pool_params params;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* signalled when a task comes, a thread is ready or unusable, or the
                             * pool closes */
    struct pool_task *first, **last;
    atomic_size_t waiting;
    bool closing;
    int ready, unusable; /* threads with a context, and threads that got none */
    int started;
    pthread_t threads[];
};

static bool open_context(struct pool *pool, void **thread_ctx)
{
    bool usable = true;
    *thread_ctx = NULL;
    if (pool->params.thread_open) {
        *thread_ctx = pool->params.thread_open(pool->params.ctx);
        usable = *thread_ctx != NULL;
    }
    pthread_mutex_lock(&pool->lock);
    if (usable)
        pool->ready++;
    else
        pool->unusable++;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    return usable;
}

/* Waits for a task. Returns NULL when the pool is closing and no task is left. */
static struct pool_task *take(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->first && !pool->closing)
        pthread_cond_wait(&pool->changed, &pool->lock);
    struct pool_task *task = pool->first;
    if (task) {
        pool->first = task->next;
        if (!pool->first)
            pool->last = &pool->first;
        atomic_fetch_sub(&pool->waiting, 1);
    }
    pthread_mutex_unlock(&pool->lock);
    return task;
}

static void *thread_main(void *arg)
{
    struct pool *pool = arg;
    struct pool_task *task;
    void *thread_ctx;
    if (!open_context(pool, &thread_ctx))
        return NULL;
    while ((task = take(pool)))
        task->run(task, thread_ctx);
    if (pool->params.thread_close)
        pool->params.thread_close(thread_ctx);
    return NULL;
}

/* Signals are handled by the main thread, so pool threads start with all signals blocked. */
static int start_threads(struct pool *pool)
{
    sigset_t all, before;
    int error = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (error == 0 && pool->started < pool->params.threads) {
        error = pthread_create(&pool->threads[pool->started], NULL, thread_main, pool);
        if (error == 0)
            pool->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

static int wait_until_ready(struct pool *pool)
{
    int unusable;
    pthread_mutex_lock(&pool->lock);
    while (pool->ready + pool->unusable < pool->started)
        pthread_cond_wait(&pool->changed, &pool->lock);
    unusable = pool->unusable;
    pthread_mutex_unlock(&pool->lock);
    return unusable ? -EIO : 0;
}

int pool_open(struct pool **out, const struct pool_params *params)
{
    int threads = params->threads > 0 ? params->threads : DEFAULT_THREADS;
    struct pool *pool = calloc(1, sizeof(*pool) + (size_t)threads * sizeof(pool->threads[0]));
    *out = NULL;
    if (!pool)
        return -ENOMEM;
    pool->params = *params;
    pool->params.threads = threads;
    pool->last = &pool->first;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    int error = start_threads(pool);
    if (error == 0)
        error = wait_until_ready(pool);
    if (error < 0)
        pool_close(&pool);
    *out = pool;
    return error;
}

void pool_submit(struct pool *pool, struct pool_task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&pool->lock);
    *pool->last = task;
    pool->last = &task->next;
    atomic_fetch_add(&pool->waiting, 1);
    pthread_cond_signal(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

size_t pool_waiting(const struct pool *pool)
{
    return atomic_load(&pool->waiting);
}

void pool_close(struct pool **pool)
{
    struct pool *p = *pool;
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
    *pool = NULL;
}
