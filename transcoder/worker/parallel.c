/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/worker/parallel.h"

#include <pthread.h>
#include <stdatomic.h>

#define MAX_THREADS 64

struct pool {
    void (*run)(void *context, int number);
    void *context;
    int count;
    atomic_int next;
};

static void *run_tasks(void *argument)
{
    struct pool *pool = argument;
    int number;
    while ((number = atomic_fetch_add(&pool->next, 1)) < pool->count)
        pool->run(pool->context, number);
    return NULL;
}

void parallel_run(int threads, int count, void (*run)(void *context, int number), void *context)
{
    struct pool pool = {.run = run, .context = context, .count = count};
    pthread_t ids[MAX_THREADS];
    int started = 0;
    while (started < threads - 1 && started < count - 1 && started < MAX_THREADS &&
           pthread_create(&ids[started], NULL, run_tasks, &pool) == 0)
        started++;
    run_tasks(&pool);
    for (int i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
}
