/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/util/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>

enum { DEFAULT_THREADS = 4, DEFAULT_LONG_THREADS = 2, QUEUES = 64 };

/* The waiting tasks of the clients that share a queue. */
struct queue {
    struct pool_task *first, **last;
    size_t waiting;
};

struct lane {
    struct queue queues[QUEUES];
    size_t waiting;
    int next; /* the queue whose turn it is */
    int running, max_running;
};

struct worker {
    struct pool *pool;
    bool is_long;
    pthread_t thread;
};

struct pool {
    struct pool_params params;
    pthread_mutex_t lock;  /* protects everything below */
    pthread_cond_t opened; /* a thread is ready or unusable */
    pthread_cond_t short_work,
        long_work; /* there is a task for these threads, or the pool closes */
    struct lane lanes[POOL_LANES];
    uint64_t seed; /* secret, so that nobody can choose who shares a queue with whom */
    bool closing;
    int ready, unusable; /* threads with a context, and threads that got none */
    int started;
    struct worker workers[];
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
    pthread_cond_signal(&pool->opened);
    pthread_mutex_unlock(&pool->lock);
    return usable;
}

/* ---- the lanes; the caller holds the lock ---- */

static struct queue *queue_of(struct pool *pool, enum pool_lane lane, uint64_t client)
{
    /* The multiplication spreads small numbers over the upper bits (Knuth, 6.4). */
    uint64_t mixed = (client ^ pool->seed) * UINT64_C(0x9e3779b97f4a7c15);
    return &pool->lanes[lane].queues[mixed >> 58];
}

/* Takes the next task of a lane, if it may run now. */
static struct pool_task *take_from(struct lane *lane)
{
    if (lane->waiting == 0 || lane->running >= lane->max_running)
        return NULL;
    while (!lane->queues[lane->next].first)
        lane->next = (lane->next + 1) % QUEUES;
    struct queue *queue = &lane->queues[lane->next];
    struct pool_task *task = queue->first;
    queue->first = task->next;
    if (!queue->first)
        queue->last = &queue->first;
    queue->waiting--;
    lane->waiting--;
    lane->running++;
    lane->next = (lane->next + 1) % QUEUES;
    return task;
}

static struct pool_task *take_task(struct pool *pool, bool is_long)
{
    if (is_long)
        return take_from(&pool->lanes[POOL_LONG]);
    struct pool_task *task = take_from(&pool->lanes[POOL_MEDIA]);
    return task ? task : take_from(&pool->lanes[POOL_API]);
}

static pthread_cond_t *work_for(struct pool *pool, bool is_long)
{
    return is_long ? &pool->long_work : &pool->short_work;
}

static bool is_over(const struct pool *pool, bool is_long)
{
    size_t waiting = is_long ? pool->lanes[POOL_LONG].waiting
                             : pool->lanes[POOL_MEDIA].waiting + pool->lanes[POOL_API].waiting;
    return pool->closing && waiting == 0;
}

/* ---- the threads ---- */

static void run_tasks(struct pool *pool, bool is_long, void *thread_ctx)
{
    pthread_mutex_lock(&pool->lock);
    while (!is_over(pool, is_long)) {
        struct pool_task *task = take_task(pool, is_long);
        if (!task) {
            pthread_cond_wait(work_for(pool, is_long), &pool->lock);
            continue;
        }
        enum pool_lane lane = task->lane; /* run() may free the task */
        pthread_mutex_unlock(&pool->lock);
        task->run(task, thread_ctx);
        pthread_mutex_lock(&pool->lock);
        pool->lanes[lane].running--;
        /* This thread takes what its lane may run next, so the others need to know only the end. */
        if (pool->closing)
            pthread_cond_broadcast(work_for(pool, is_long));
    }
    pthread_mutex_unlock(&pool->lock);
}

static void *thread_main(void *arg)
{
    const struct worker *worker = arg;
    struct pool *pool = worker->pool;
    void *thread_ctx;
    if (!open_context(pool, &thread_ctx))
        return NULL;
    run_tasks(pool, worker->is_long, thread_ctx);
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
    while (error == 0 && pool->started < pool->params.threads + pool->params.long_threads) {
        struct worker *worker = &pool->workers[pool->started];
        *worker = (struct worker){.pool = pool, .is_long = pool->started >= pool->params.threads};
        error = pthread_create(&worker->thread, NULL, thread_main, worker);
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
        pthread_cond_wait(&pool->opened, &pool->lock);
    unusable = pool->unusable;
    pthread_mutex_unlock(&pool->lock);
    return unusable ? -EIO : 0;
}

static void open_lanes(struct pool *pool)
{
    int threads = pool->params.threads;
    for (int lane = 0; lane < POOL_LANES; lane++)
        for (int i = 0; i < QUEUES; i++)
            pool->lanes[lane].queues[i].last = &pool->lanes[lane].queues[i].first;
    /* Neither lane may keep the other from all threads. */
    pool->lanes[POOL_MEDIA].max_running = threads > 1 ? threads - 1 : 1;
    pool->lanes[POOL_API].max_running = threads > 1 ? threads - 1 : 1;
    pool->lanes[POOL_LONG].max_running = pool->params.long_threads;
}

int pool_open(struct pool **out, const struct pool_params *params)
{
    int threads = params->threads > 0 ? params->threads : DEFAULT_THREADS;
    int long_threads = params->long_threads > 0 ? params->long_threads : DEFAULT_LONG_THREADS;
    struct pool *pool =
        calloc(1, sizeof(*pool) + (size_t)(threads + long_threads) * sizeof(pool->workers[0]));
    *out = NULL;
    if (!pool)
        return -ENOMEM;
    pool->params = *params;
    pool->params.threads = threads;
    pool->params.long_threads = long_threads;
    open_lanes(pool);
    if (getrandom(&pool->seed, sizeof(pool->seed), 0) < 0)
        pool->seed = 0; /* then queues can be foreseen, which only costs fairness */
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->opened, NULL);
    pthread_cond_init(&pool->short_work, NULL);
    pthread_cond_init(&pool->long_work, NULL);
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
    struct queue *queue = queue_of(pool, task->lane, task->client);
    *queue->last = task;
    queue->last = &task->next;
    queue->waiting++;
    pool->lanes[task->lane].waiting++;
    pthread_cond_signal(work_for(pool, task->lane == POOL_LONG));
    pthread_mutex_unlock(&pool->lock);
}

size_t pool_waiting(struct pool *pool, enum pool_lane lane, uint64_t client)
{
    pthread_mutex_lock(&pool->lock);
    size_t waiting = queue_of(pool, lane, client)->waiting;
    pthread_mutex_unlock(&pool->lock);
    return waiting;
}

void pool_close(struct pool **pool)
{
    struct pool *p = *pool;
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_broadcast(&p->short_work);
    pthread_cond_broadcast(&p->long_work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->workers[i].thread, NULL);
    pthread_cond_destroy(&p->opened);
    pthread_cond_destroy(&p->short_work);
    pthread_cond_destroy(&p->long_work);
    pthread_mutex_destroy(&p->lock);
    free(p);
    *pool = NULL;
}
