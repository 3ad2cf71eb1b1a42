/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The data folder: where things lie, who may use it, how much room is left.
 *
 *   DATA/catalog.db                                 the catalog
 *   DATA/node.lock                                  held by `terrace serve`
 *   DATA/jobs.lock                                  held by whoever runs the workers
 *   DATA/reserve                                    room for the catalog on a full disk
 *   DATA/sources/<32 hex digits>                    originals, uploads under way, remuxed copies
 *   DATA/media/<lesson>/<revision>/<rendition>/...  init segments and chunks; poster.jpg beside the
 * renditions
 *
 * What the catalog doesn't name is rubbish and is swept when the jobs lock is taken.
 * All functions may be called by any thread; the struct never changes after store_open().
 */
#ifndef NODE_STORE_STORE_H
#define NODE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

#define STORE_PATH_BYTES 4096

struct store_params {
    const char *path;    /* the data folder */
    bool create;         /* make it if it isn't there (serve, ingest) */
    int64_t floor_bytes; /* free space never given to media, kept for the catalog; 0: 512 MiB or 2 %
                            of the disk, the smaller */
};

/* 0 or a negative errno; on failure message holds one line for people (missing, not writable, not a
 * folder; with create: media without a catalog, which a fresh one would make rubbish of). */
int store_open(
    struct store **out, const struct store_params *params, char *message, size_t message_bytes);
void store_close(struct store **store);

const char *store_path(const struct store *store);
const char *store_catalog_path(const struct store *store);
/* Absolute paths written into out[STORE_PATH_BYTES]. 0, or -ENAMETOOLONG, -EINVAL (name with '/' or
 * leading '.'). */
int store_source_path(const struct store *store, const char *file, char *out);
int store_media_path(
    const struct store *store, int64_t lesson_id, int revision, const char *relative, char *out);

/* A fresh random name for a source: 32 hex digits into out[33]. */
void store_new_name(char *out);

enum store_lock { STORE_LOCK_NODE = 0, STORE_LOCK_JOBS = 1 };
/* Takes a lock that dies with the process. Returns a descriptor (store_unlock closes it), or
 * -EWOULDBLOCK with the holder's pid in *holder_pid (0 unknown; holder_pid may be NULL), or another
 * negative errno. */
int store_lock(const struct store *store, enum store_lock lock, int *holder_pid);
void store_unlock(int fd);
/* Whether another process holds the jobs lock now: 1, 0, or a negative errno. A taker who comes in
 * the same moment finds it taken, and has to try again. */
int store_jobs_are_held(const struct store *store);

/* Bytes that may still be given away above the floor (0 if none). Negative errno on failure. */
int64_t store_free_bytes(const struct store *store);
/* Gives the reserve's room back if the disk is as good as full: before the catalog is written. */
void store_free_reserve(const struct store *store);
/* The same; and makes the reserve if there is plenty of room. Now and then, by the node. */
void store_tend_reserve(const struct store *store);
/* What a source of that size will need in all, itself not counted: its renditions, and a remuxed
 * copy. Pure. */
int64_t store_estimate_bytes(int64_t source_bytes);

/* Copies a file into DATA/sources under a fresh name, synced (the folder too). name: char[33],
 * sha256: char[65] hex. progress may be NULL; returning false from it cancels (-ECANCELED). 0 or a
 * negative errno (-ENOSPC below the floor); nothing is left behind on failure. */
typedef bool (*store_progress_fn)(void *ctx, int64_t done_bytes, int64_t total_bytes);
int store_import(const struct store *store, int source_fd, char *name, char *sha256, int64_t *bytes,
    store_progress_fn progress, void *ctx);

/* Makes a file of DATA/sources durable (the folder too), and computes its SHA-256: char[65] hex.
 * progress may be NULL; returning false from it cancels (-ECANCELED). 0 or a negative errno. */
int store_seal_source(const struct store *store, const char *file, char *sha256,
    store_progress_fn progress, void *ctx);

/* SHA-256 of a file as 64 hex digits. 0 or a negative errno. */
int store_file_sha256(const char *path, char *sha256);

/* Removes a lesson's media folder and everything in it; a missing one is fine. 0 or a negative
 * errno. */
int store_remove_media(const struct store *store, int64_t lesson_id);
/* Removes a file of DATA/sources; "" and a missing one are fine. 0 or a negative errno. */
int store_remove_source(const struct store *store, const char *file);
/* Removes everything under sources/ and media/ that keep() does not claim. relative:
 * "sources/<name>" or "media/<lesson>". Returns the number of things removed, or a negative errno.
 */
int store_sweep(
    const struct store *store, bool (*keep)(void *ctx, const char *relative), void *ctx);

#endif
