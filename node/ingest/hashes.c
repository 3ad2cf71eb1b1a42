/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hashes of uploads that are under way. Each block is hashed when it is written, so that a large
 * upload becomes a lesson right after its last byte. A hash that is not here any more (the node was
 * restarted, or many other uploads came) is computed from the file. */
#include <stdlib.h>
#include <string.h>

#include "node/ingest/ingest.h"
#include "node/ingest/ingest_internal.h"

enum { MAX_KEPT = 64 };

/* The hash of an upload between two requests. */
struct kept_hash {
    struct kept_hash *next;
    char id[UPLOAD_ID_BYTES];
    struct store_hash *hash;
};

/* Unlinks the entry of an upload. The caller holds the mutex. Returns NULL if there is none. */
static struct kept_hash *unlink_kept(struct ingest *ingest, const char *id)
{
    for (struct kept_hash **at = &ingest->hashes; *at; at = &(*at)->next)
        if (strcmp((*at)->id, id) == 0) {
            struct kept_hash *found = *at;
            *at = found->next;
            ingest->hash_count--;
            return found;
        }
    return NULL;
}

static void free_kept(struct kept_hash *kept)
{
    if (kept)
        store_hash_free(kept->hash);
    free(kept);
}

/* Unlinks the entry that was kept longest ago, if there are too many. The caller holds the mutex. */
static struct kept_hash *unlink_oldest(struct ingest *ingest)
{
    struct kept_hash **at = &ingest->hashes;
    if (ingest->hash_count <= MAX_KEPT)
        return NULL;
    while ((*at)->next)
        at = &(*at)->next;
    struct kept_hash *oldest = *at;
    *at = NULL;
    ingest->hash_count--;
    return oldest;
}

struct store_hash *ingest_take_hash(struct ingest *ingest, const char *id, int64_t bytes)
{
    pthread_mutex_lock(&ingest->mutex);
    struct kept_hash *kept = unlink_kept(ingest, id);
    pthread_mutex_unlock(&ingest->mutex);
    struct store_hash *hash = NULL;
    if (kept && store_hash_bytes(kept->hash) == bytes) {
        hash = kept->hash;
        kept->hash = NULL;
    }
    free_kept(kept);
    return hash || bytes > 0 ? hash : store_hash_new();
}

void ingest_keep_hash(struct ingest *ingest, const char *id, struct store_hash *hash)
{
    struct kept_hash *kept = hash ? calloc(1, sizeof(*kept)) : NULL;
    if (!kept) {
        store_hash_free(hash);
        return;
    }
    memcpy(kept->id, id, sizeof(kept->id));
    kept->hash = hash;
    pthread_mutex_lock(&ingest->mutex);
    struct kept_hash *same = unlink_kept(ingest, id);
    kept->next = ingest->hashes;
    ingest->hashes = kept;
    ingest->hash_count++;
    struct kept_hash *oldest = unlink_oldest(ingest);
    pthread_mutex_unlock(&ingest->mutex);
    free_kept(same);
    free_kept(oldest);
}

void ingest_free_hashes(struct ingest *ingest)
{
    while (ingest->hashes) {
        struct kept_hash *next = ingest->hashes->next;
        free_kept(ingest->hashes);
        ingest->hashes = next;
    }
}
