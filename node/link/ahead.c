/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/link/ahead.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "node/link/surplus.h"
#include "node/util/seed.h"
#include "transcoder/text/hash.h"

enum {
    BUCKETS = 4096,
    MAX_TRACKS = 20000,
    NAME_BYTES = 64,
    SLOT_MS = 10000,
    MAX_SLOTS = 24 * 3600 * 1000 / SLOT_MS,
};

/* The surplus grows no further than this beyond AHEAD_FAR_MS. So a viewer who has skipped around a
 * lot is a viewer again after 10 s. A download gains nothing by it: it may take as viewing what it
 * could play, and the rest comes as a download. */
#define MAX_EXCESS_MS 20000

/* After so long without a delivery, somebody watches the rendition anew, or fetches it once more. */
#define FORGET_MS (3600 * 1000)

/* A rendition that an address fetches. */
struct track {
    LIST_ENTRY(track) in_bucket;
    TAILQ_ENTRY(track) in_order; /* the longest unused first */
    char address[46], name[NAME_BYTES];
    struct surplus surplus;
    uint8_t *slots; /* one bit for each SLOT_MS of the rendition: some of it was delivered */
    size_t slot_bytes;
};

LIST_HEAD(track_list, track);

struct ahead {
    struct track_list by_key[BUCKETS];
    TAILQ_HEAD(track_order, track) order;
    uint64_t seed; /* of the hashes of addresses and paths */
    size_t count;
};

int ahead_open(struct ahead **out)
{
    struct ahead *ahead = calloc(1, sizeof(*ahead));
    *out = ahead;
    if (!ahead)
        return -ENOMEM;
    TAILQ_INIT(&ahead->order);
    ahead->seed = seed_new();
    return 0;
}

static void remove_track(struct ahead *ahead, struct track *track)
{
    LIST_REMOVE(track, in_bucket);
    TAILQ_REMOVE(&ahead->order, track, in_order);
    ahead->count--;
    free(track->slots);
    free(track);
}

void ahead_close(struct ahead **ahead)
{
    if (!*ahead)
        return;
    for (struct track *track = TAILQ_FIRST(&(*ahead)->order), *next; track; track = next) {
        next = TAILQ_NEXT(track, in_order);
        remove_track(*ahead, track);
    }
    free(*ahead);
    *ahead = NULL;
}

/* ---- tracks ---- */

/* Copies the part of a path that names the rendition: "7/1/v220". Returns false if the path has no
 * such part. */
static bool rendition_of(const char *path, char name[NAME_BYTES])
{
    static const char prefix[] = "/v/";
    if (strncmp(path, prefix, sizeof(prefix) - 1) != 0)
        return false;
    path += sizeof(prefix) - 1;
    size_t bytes = strcspn(path, "/");
    for (int i = 0; i < 2 && path[bytes] == '/'; i++)
        bytes += 1 + strcspn(path + bytes + 1, i == 0 ? "/" : "/.");
    if (bytes >= NAME_BYTES)
        return false;
    memcpy(name, path, bytes);
    name[bytes] = '\0';
    return true;
}

static size_t bucket_of(const struct ahead *ahead, const char *address, const char *name)
{
    return seed_bucket(hash_text(hash_text(ahead->seed, address), name), BUCKETS);
}

static struct track *find_track(const struct ahead *ahead, const char *address, const char *name)
{
    struct track *track;
    LIST_FOREACH (track, &ahead->by_key[bucket_of(ahead, address, name)], in_bucket)
        if (strcmp(track->address, address) == 0 && strcmp(track->name, name) == 0)
            return track;
    return NULL;
}

static struct track *need_track(struct ahead *ahead, const char *address, const char *name)
{
    struct track *track = find_track(ahead, address, name);
    if (track) {
        TAILQ_REMOVE(&ahead->order, track, in_order);
        TAILQ_INSERT_TAIL(&ahead->order, track, in_order);
        return track;
    }
    if (ahead->count >= MAX_TRACKS)
        remove_track(ahead, TAILQ_FIRST(&ahead->order));
    track = calloc(1, sizeof(*track));
    if (!track)
        return NULL;
    snprintf(track->address, sizeof(track->address), "%s", address);
    snprintf(track->name, sizeof(track->name), "%s", name);
    LIST_INSERT_HEAD(&ahead->by_key[bucket_of(ahead, address, name)], track, in_bucket);
    TAILQ_INSERT_TAIL(&ahead->order, track, in_order);
    ahead->count++;
    return track;
}

/* ---- slots ---- */

/* Marks a slot. Returns whether it was not marked before. */
static bool mark(struct track *track, size_t slot)
{
    size_t byte = slot / 8;
    uint8_t bit = (uint8_t)(1 << slot % 8);
    if (!track->slots || byte >= track->slot_bytes) {
        uint8_t *more = realloc(track->slots, byte * 2 + 16);
        if (!more)
            return false;
        memset(more + track->slot_bytes, 0, byte * 2 + 16 - track->slot_bytes);
        track->slots = more;
        track->slot_bytes = byte * 2 + 16;
    }
    bool fresh = !(track->slots[byte] & bit);
    track->slots[byte] |= bit;
    return fresh;
}

void ahead_note(struct ahead *ahead, const char *address, const char *path, int64_t from_ms,
    int64_t to_ms, int64_t now_ms)
{
    char name[NAME_BYTES];
    struct track *track = rendition_of(path, name) ? need_track(ahead, address, name) : NULL;
    if (!track || from_ms < 0)
        return;
    int64_t fresh_ms = 0;
    if (track->slots && now_ms - track->surplus.at_ms > FORGET_MS)
        memset(track->slots, 0, track->slot_bytes);
    for (int64_t slot = from_ms / SLOT_MS; slot * SLOT_MS < to_ms && slot < MAX_SLOTS; slot++)
        if (mark(track, (size_t)slot))
            fresh_ms += SLOT_MS;
    surplus_add(
        &track->surplus, fresh_ms, now_ms, AHEAD_SPEED_PERCENT, AHEAD_FAR_MS + MAX_EXCESS_MS);
}

bool ahead_is_far(const struct ahead *ahead, const char *address, const char *path, int64_t now_ms)
{
    char name[NAME_BYTES];
    const struct track *track = rendition_of(path, name) ? find_track(ahead, address, name) : NULL;
    return track && surplus_now(&track->surplus, now_ms, AHEAD_SPEED_PERCENT) > AHEAD_FAR_MS;
}
