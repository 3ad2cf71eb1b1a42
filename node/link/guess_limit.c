/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/link/guess_limit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/util/network.h"
#include "node/util/seed.h"
#include "transcoder/text/hash.h"

/* In a full bucket, a new network replaces the one that has been silent for the longest time. */
enum { BUCKETS = 256, BUCKET_ENTRIES = 8, MAX_WRONG = 10, MAX_RIGHT = 8 };
#define WINDOW_MS (15 * 60 * 1000)

/* What a network has shown. Secrets are known by their hashes. */
struct entry {
    char network[NETWORK_BYTES]; /* "": the entry is free */
    uint64_t wrong[MAX_WRONG], right[MAX_RIGHT];
    int wrong_count, right_count; /* right: ever; the oldest is replaced */
    int64_t began_ms;             /* when the first wrong one came */
    int64_t seen_ms;
};

struct guess_limit {
    struct entry entries[BUCKETS][BUCKET_ENTRIES];
    uint64_t seed; /* of the hashes of networks */
    int max_total, total;
    int64_t total_began_ms;
};

int guess_limit_open(struct guess_limit **out, int max_total)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return -ENOMEM;
    (*out)->max_total = max_total;
    (*out)->seed = seed_new();
    return 0;
}

void guess_limit_close(struct guess_limit **limit)
{
    free(*limit);
    *limit = NULL;
}

/* Finds or makes the entry of an address's network. */
static struct entry *entry_of(struct guess_limit *limit, const char *address, int64_t now_ms)
{
    char network[NETWORK_BYTES];
    network_of(address, network);
    struct entry *bucket = limit->entries[seed_bucket(hash_text(limit->seed, network), BUCKETS)];
    struct entry *oldest = bucket;
    for (struct entry *entry = bucket; entry < bucket + BUCKET_ENTRIES; entry++) {
        if (strcmp(entry->network, network) == 0) {
            entry->seen_ms = now_ms;
            return entry;
        }
        if (entry->seen_ms < oldest->seen_ms)
            oldest = entry;
    }
    *oldest = (struct entry){.seen_ms = now_ms};
    snprintf(oldest->network, sizeof(oldest->network), "%s", network);
    return oldest;
}

static bool contains(const uint64_t *hashes, int count, uint64_t hash)
{
    for (int i = 0; i < count; i++)
        if (hashes[i] == hash)
            return true;
    return false;
}

static bool is_known(const struct entry *entry, uint64_t hash)
{
    int count = entry->right_count < MAX_RIGHT ? entry->right_count : MAX_RIGHT;
    return contains(entry->right, count, hash);
}

/* Starts a new window if the old one is over. Returns how long a network that has used up its
 * guesses must wait. */
static int64_t wait_ms(struct guess_limit *limit, struct entry *entry, int64_t now_ms)
{
    if (now_ms - entry->began_ms >= WINDOW_MS)
        entry->wrong_count = 0;
    if (now_ms - limit->total_began_ms >= WINDOW_MS)
        limit->total = 0;
    if (entry->wrong_count >= MAX_WRONG)
        return entry->began_ms + WINDOW_MS - now_ms;
    if (limit->max_total > 0 && limit->total >= limit->max_total && entry->right_count == 0)
        return limit->total_began_ms + WINDOW_MS - now_ms;
    return 0;
}

static void count_wrong(
    struct guess_limit *limit, struct entry *entry, uint64_t hash, int64_t now_ms)
{
    if (contains(entry->wrong, entry->wrong_count, hash))
        return;
    if (entry->wrong_count == 0)
        entry->began_ms = now_ms;
    if (limit->total == 0)
        limit->total_began_ms = now_ms;
    entry->wrong[entry->wrong_count++] = hash;
    limit->total++;
}

bool guess_limit_admit(
    struct guess_limit *limit, const char *address, const char *secret, bool right, int64_t now_ms)
{
    struct entry *entry = entry_of(limit, address, now_ms);
    uint64_t hash = hash_text(HASH_START, secret);
    if (right && is_known(entry, hash))
        return true;
    if (wait_ms(limit, entry, now_ms) > 0)
        return false;
    if (right)
        entry->right[entry->right_count++ % MAX_RIGHT] = hash;
    else
        count_wrong(limit, entry, hash, now_ms);
    return right;
}

int64_t guess_limit_wait_ms(struct guess_limit *limit, const char *address, int64_t now_ms)
{
    return wait_ms(limit, entry_of(limit, address, now_ms), now_ms);
}
