/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The data folder: where things lie, who may use it, how much room is left.
 *
 *   DATA/catalog.db                                 the catalog
 *   DATA/node.lock                                  held by `terrace serve`
 *   DATA/jobs.lock                                  held by whoever runs the workers
 *   DATA/reserve                                    room for the catalog on a full disk
 *   DATA/sources/<32 hex digits>                    originals, uploads under way, remuxed copies
 *   DATA/media/<lesson>/<revision>/<rendition>/...  init segments and chunks
 *   DATA/media/<lesson>/<revision>/<name>           poster and storyboard
 *
 * What is in sources or media and is not named by the catalog is rubbish. The process that runs the
 * workers sweeps it when it starts them, unless it was changed in the last 24 hours. All functions
 * may be called by any thread; the struct never changes after store_open().
 */
#ifndef NODE_STORE_STORE_H
#define NODE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

#define STORE_PATH_BYTES 4096

struct store_params {
    const char *path;    /* path of the data folder */
    bool create;         /* create the folder if it does not exist (serve, ingest) */
    int64_t floor_bytes; /* free space that media never get, so that the catalog can grow; 0: 512
                          * MiB or 2 % of the disk, whichever is smaller */
};

/* Opens the data folder. Returns 0; or a negative errno with one line for people in message, for
 * example because the folder is missing or its path is too long. With create, it also fails if the
 * folder is not writable, or has media but no catalog. */
int store_open(
    struct store **out, const struct store_params *params, char *message, size_t message_bytes);
void store_close(struct store **store);

const char *store_path(const struct store *store);
const char *store_catalog_path(const struct store *store);
/* Write an absolute path into out[STORE_PATH_BYTES]. Return 0; -ENAMETOOLONG; or -EINVAL: file is
 * empty, has a '/' or a leading '.'; relative is absolute or has a part with a leading '.'; or a
 * number is below 1. relative "" means the folder of the revision. */
int store_source_path(const struct store *store, const char *file, char *out);
int store_media_path(
    const struct store *store, int64_t lesson_id, int revision, const char *relative, char *out);

/* Writes a new random name for a source into out[33]: 32 hex digits. */
void store_new_name(char *out);

enum store_lock { STORE_LOCK_NODE = 0, STORE_LOCK_JOBS = 1 };
/* Takes a lock that ends with the process. Returns a descriptor, which store_unlock() closes;
 * -EWOULDBLOCK, with the pid of the holder in *holder_pid (0: unknown; the pointer may be NULL); or
 * another negative errno. */
int store_lock(const struct store *store, enum store_lock lock, int *holder_pid);
void store_unlock(int fd);
/* Returns whether somebody holds the jobs lock: 1 or 0, or a negative errno. The test takes the
 * lock for a moment; a process that wants it just then finds it taken and must try again. */
int store_jobs_are_held(const struct store *store);

/* With less free space than this above the floor, no new transcoding is started. `terrace ingest`
 * therefore requires this much in addition to what it needs. */
#define STORE_WORK_ROOM_BYTES (64LL * 1024 * 1024)
/* Returns how many bytes media may still use, above the floor; 0 if none. Or a negative errno. */
int64_t store_free_bytes(const struct store *store);
/* Writes and syncs a small file in the data folder, in sources/ and in media/, and removes it. Returns
 * 0, or the negative errno that the disk gives. */
int store_try_to_write(const struct store *store);
/* Deletes the reserve if the disk is nearly full. To be called before the catalog is written. */
void store_free_reserve(const struct store *store);
/* Does the same as store_free_reserve(), and also makes the reserve if there is plenty of space.
 * The node calls this from time to time. */
void store_tick_reserve(const struct store *store);
/* Estimates the space that a lesson needs besides its source: renditions and a remuxed copy.
 * Pure. */
int64_t store_estimate_bytes(int64_t source_bytes);

/* Reports how far a copy or a hash is. Returns false to cancel it. */
typedef bool (*store_progress_fn)(void *ctx, int64_t done_bytes, int64_t total_bytes);

struct store_imported {
    char name[33];   /* of the file in DATA/sources */
    char sha256[65]; /* in hex */
    int64_t bytes;
};
/* Copies a file into DATA/sources under a new name, and syncs it and its folder. progress may be
 * NULL. Returns 0; or a negative errno, and nothing is left behind: -ENOSPC the space above the
 * floor is used up, -ECANCELED progress returned false. */
int store_import(const struct store *store, int source_fd, struct store_imported *out,
    store_progress_fn progress, void *ctx);

/* A SHA-256 that is computed while a file is written from its start. One thread at a time. */
struct store_hash;
struct store_hash *store_hash_new(void);       /* NULL: out of memory */
void store_hash_free(struct store_hash *hash); /* accepts NULL */
void store_hash_add(struct store_hash *hash, const void *data, size_t data_bytes);
int64_t store_hash_bytes(const struct store_hash *hash); /* how many were added */

/* Syncs a file of DATA/sources and its folder, and writes its SHA-256 into sha256[65] in hex.
 * synced_bytes: so much is on the disk already. If the sync fails, all bytes beyond it are removed,
 * because the kernel reports a failed write only once; -EIO.
 * hash: of the whole file; if it is NULL or has fewer bytes than the file, the file is read, and
 * progress, which may be NULL, is called. Returns 0; or a negative errno: -ECANCELED if progress
 * returned false. */
int store_seal_source(const struct store *store, const char *file, int64_t synced_bytes,
    const struct store_hash *hash, char *sha256, store_progress_fn progress, void *ctx);

/* Computes the SHA-256 of a file as 64 hex digits. Returns 0 or a negative errno. */
int store_file_sha256(const char *path, char *sha256);

/* Removes the media folder of a lesson. A missing folder is no error. Returns 0 or a negative
 * errno. */
int store_remove_media(const struct store *store, int64_t lesson_id);
/* Removes a file of DATA/sources. An empty name and a missing file are no error. Returns 0 or a
 * negative errno. */
int store_remove_source(const struct store *store, const char *file);
/* Syncs the folder that a path is in: a new name is on the disk only after this. Returns 0 or a
 * negative errno. */
int store_sync_folder_of(const char *path);

/* How the names of files end that a worker has not finished. */
#define STORE_TEMPORARY_SUFFIX ".tmp"
/* Deletes the temporary files of workers that did not end by themselves, in sources/ and in the
 * folders of all lessons. No worker may be running: the caller holds the jobs lock. Returns how many,
 * or a negative errno. */
int store_sweep_unfinished(const struct store *store);
/* Returns the highest number of a lesson that has a folder of media, whether the catalog names it or
 * not; 0: none. Or a negative errno. */
int64_t store_highest_lesson(const struct store *store);

/* Removes everything under sources/ and media/ for which keep() returns false, and that was not
 * changed in the last 24 hours: uploads are there before the catalog names them, and a wrong backup
 * may have been put in place. relative: "sources/<name>" or "media/<lesson>". Returns how many
 * things were removed, or a negative errno. */
int store_sweep(
    const struct store *store, bool (*keep)(void *ctx, const char *relative), void *ctx);

#endif
