/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/auth/backoff.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES 1024
#define FREE_FAILURES 5
#define MAX_WAIT_MS 300000
/* After this long without a failure, counting starts again. */
#define FORGET_MS (15 * 60 * 1000)

struct entry {
    char key[80];
    int failures;
    int64_t last_ms, until_ms;
};

struct backoff {
    pthread_mutex_t mutex;
    struct entry entries[ENTRIES];
};

int backoff_open(struct backoff **out)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return -ENOMEM;
    pthread_mutex_init(&(*out)->mutex, NULL);
    return 0;
}

void backoff_close(struct backoff **backoff)
{
    if (!*backoff)
        return;
    pthread_mutex_destroy(&(*backoff)->mutex);
    free(*backoff);
    *backoff = NULL;
}

static struct entry *find(struct backoff *backoff, const char *key)
{
    for (size_t i = 0; i < ENTRIES; i++)
        if (backoff->entries[i].failures > 0 && strcmp(backoff->entries[i].key, key) == 0)
            return &backoff->entries[i];
    return NULL;
}

static struct entry *find_quietest(struct backoff *backoff)
{
    struct entry *quietest = &backoff->entries[0];
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *entry = &backoff->entries[i];
        if (entry->failures == 0)
            return entry;
        if (entry->last_ms < quietest->last_ms)
            quietest = entry;
    }
    return quietest;
}

int64_t backoff_wait_ms(struct backoff *backoff, const char *key, int64_t now_ms)
{
    pthread_mutex_lock(&backoff->mutex);
    const struct entry *entry = find(backoff, key);
    int64_t wait_ms = entry && entry->until_ms > now_ms ? entry->until_ms - now_ms : 0;
    pthread_mutex_unlock(&backoff->mutex);
    return wait_ms;
}

static int64_t penalty_ms(int failures)
{
    int beyond = failures - FREE_FAILURES;
    if (beyond < 0)
        return 0;
    int64_t wait_ms = 2000LL << (beyond < 10 ? beyond : 10);
    return wait_ms < MAX_WAIT_MS ? wait_ms : MAX_WAIT_MS;
}

void backoff_failed(struct backoff *backoff, const char *key, int64_t now_ms)
{
    pthread_mutex_lock(&backoff->mutex);
    struct entry *entry = find(backoff, key);
    if (!entry) {
        entry = find_quietest(backoff);
        *entry = (struct entry){0};
        snprintf(entry->key, sizeof(entry->key), "%s", key);
    } else if (now_ms - entry->last_ms > FORGET_MS) {
        entry->failures = 0;
    }
    entry->failures++;
    entry->last_ms = now_ms;
    entry->until_ms = now_ms + penalty_ms(entry->failures);
    pthread_mutex_unlock(&backoff->mutex);
}

void backoff_succeeded(struct backoff *backoff, const char *key)
{
    pthread_mutex_lock(&backoff->mutex);
    struct entry *entry = find(backoff, key);
    if (entry)
        *entry = (struct entry){0};
    pthread_mutex_unlock(&backoff->mutex);
}
