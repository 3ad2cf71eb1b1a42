/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/auth/guesses.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES 1024
#define KNOWN 2048
#define MAX_WAIT_MS 300000
/* After this long without a failure, counting starts again. */
#define FORGET_MS (15 * 60 * 1000)
/* A name has up to 64 bytes, a network up to 49. */
#define KEY_BYTES 128

enum way { BY_PAIR, BY_NETWORK, BY_NAME, WAYS };

/* How many failures cost no wait. */
static const int free_failures[WAYS] = {[BY_PAIR] = 5, [BY_NETWORK] = 20, [BY_NAME] = 100};

struct entry {
    char key[KEY_BYTES];
    int failures; /* 0: the entry is free */
    int64_t last_ms, until_ms;
};

struct guesses {
    pthread_mutex_t mutex;
    /* One table for each way, so that a guesser who tries many names can't push the count of a
     * network out. */
    struct entry entries[WAYS][ENTRIES];
    char known[KNOWN][KEY_BYTES]; /* pairs; the one that was noted longest ago is replaced */
    size_t next_known;
};

int guesses_open(struct guesses **out)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return -ENOMEM;
    pthread_mutex_init(&(*out)->mutex, NULL);
    return 0;
}

void guesses_close(struct guesses **guesses)
{
    if (!*guesses)
        return;
    pthread_mutex_destroy(&(*guesses)->mutex);
    free(*guesses);
    *guesses = NULL;
}

/* ---- keys ---- */

struct keys {
    char text[WAYS][KEY_BYTES];
};

static struct keys keys_of(const char *name, const char *network)
{
    struct keys keys;
    /* No network contains a space, so different pairs have different keys. */
    snprintf(keys.text[BY_PAIR], KEY_BYTES, "%s %s", network, name);
    snprintf(keys.text[BY_NETWORK], KEY_BYTES, "%s", network);
    snprintf(keys.text[BY_NAME], KEY_BYTES, "%s", name);
    return keys;
}

/* ---- the tables; the caller holds the mutex ---- */

static struct entry *find(struct guesses *guesses, enum way way, const char *key)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *entry = &guesses->entries[way][i];
        if (entry->failures > 0 && strcmp(entry->key, key) == 0)
            return entry;
    }
    return NULL;
}

static struct entry *find_quietest(struct guesses *guesses, enum way way)
{
    struct entry *quietest = &guesses->entries[way][0];
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *entry = &guesses->entries[way][i];
        if (entry->failures == 0)
            return entry;
        if (entry->last_ms < quietest->last_ms)
            quietest = entry;
    }
    return quietest;
}

static bool is_known(const struct guesses *guesses, const char *pair)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (strcmp(guesses->known[i], pair) == 0)
            return true;
    return false;
}

static void note_known(struct guesses *guesses, const char *pair)
{
    if (is_known(guesses, pair))
        return;
    snprintf(guesses->known[guesses->next_known], KEY_BYTES, "%s", pair);
    guesses->next_known = (guesses->next_known + 1) % KNOWN;
}

static int64_t penalty_ms(enum way way, int failures)
{
    int beyond = failures - free_failures[way];
    if (beyond < 0)
        return 0;
    int64_t wait_ms = 2000LL << (beyond < 10 ? beyond : 10);
    return wait_ms < MAX_WAIT_MS ? wait_ms : MAX_WAIT_MS;
}

static void count(struct guesses *guesses, enum way way, const char *key, int64_t now_ms)
{
    struct entry *entry = find(guesses, way, key);
    if (!entry) {
        entry = find_quietest(guesses, way);
        *entry = (struct entry){0};
        snprintf(entry->key, sizeof(entry->key), "%s", key);
    } else if (now_ms - entry->last_ms > FORGET_MS) {
        entry->failures = 0;
    }
    entry->failures++;
    entry->last_ms = now_ms;
    entry->until_ms = now_ms + penalty_ms(way, entry->failures);
}

static void take_back(struct guesses *guesses, enum way way, const char *key)
{
    struct entry *entry = find(guesses, way, key);
    if (!entry)
        return;
    entry->failures--;
    entry->until_ms = entry->last_ms;
}

/* ---- tries ---- */

int64_t guesses_begin(
    struct guesses *guesses, const char *name, const char *network, int64_t now_ms)
{
    struct keys keys = keys_of(name, network);
    int64_t wait_ms = 0;
    pthread_mutex_lock(&guesses->mutex);
    int ways = is_known(guesses, keys.text[BY_PAIR]) ? BY_PAIR + 1 : WAYS;
    for (enum way way = BY_PAIR; (int)way < ways; way++) {
        const struct entry *entry = find(guesses, way, keys.text[way]);
        if (entry && entry->until_ms - now_ms > wait_ms)
            wait_ms = entry->until_ms - now_ms;
    }
    for (enum way way = BY_PAIR; wait_ms == 0 && (int)way < ways; way++)
        count(guesses, way, keys.text[way], now_ms);
    pthread_mutex_unlock(&guesses->mutex);
    return wait_ms;
}

void guesses_succeeded(struct guesses *guesses, const char *name, const char *network)
{
    struct keys keys = keys_of(name, network);
    pthread_mutex_lock(&guesses->mutex);
    struct entry *entry = find(guesses, BY_PAIR, keys.text[BY_PAIR]);
    if (entry)
        *entry = (struct entry){0};
    /* If the pair was known, the try was not counted in the other ways. */
    if (!is_known(guesses, keys.text[BY_PAIR])) {
        take_back(guesses, BY_NETWORK, keys.text[BY_NETWORK]);
        take_back(guesses, BY_NAME, keys.text[BY_NAME]);
    }
    note_known(guesses, keys.text[BY_PAIR]);
    pthread_mutex_unlock(&guesses->mutex);
}

void guesses_undo(struct guesses *guesses, const char *name, const char *network)
{
    struct keys keys = keys_of(name, network);
    pthread_mutex_lock(&guesses->mutex);
    int ways = is_known(guesses, keys.text[BY_PAIR]) ? BY_PAIR + 1 : WAYS;
    for (enum way way = BY_PAIR; (int)way < ways; way++)
        take_back(guesses, way, keys.text[way]);
    pthread_mutex_unlock(&guesses->mutex);
}

void guesses_know(struct guesses *guesses, const char *name, const char *network)
{
    struct keys keys = keys_of(name, network);
    pthread_mutex_lock(&guesses->mutex);
    note_known(guesses, keys.text[BY_PAIR]);
    pthread_mutex_unlock(&guesses->mutex);
}

bool guesses_known(struct guesses *guesses, const char *name, const char *network)
{
    struct keys keys = keys_of(name, network);
    pthread_mutex_lock(&guesses->mutex);
    bool known = is_known(guesses, keys.text[BY_PAIR]);
    pthread_mutex_unlock(&guesses->mutex);
    return known;
}
