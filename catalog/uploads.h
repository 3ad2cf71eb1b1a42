/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Uploads (tus), and the names of the files in DATA/sources. */
#ifndef CATALOG_UPLOADS_H
#define CATALOG_UPLOADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/errors.h"

struct catalog_upload {
    char *id;   /* 32 hex digits; also the name of the file in DATA/sources */
    char *user; /* who may continue it */
    char *filename, *title, *topic, *description, *language;
    bool publish;
    int64_t total_bytes;
    int64_t created_ms, updated_ms;
    int64_t lesson_id;    /* the lesson that it became; 0 until then */
    int64_t synced_bytes; /* so many bytes are on the disk for certain */
    int64_t idle_ms;      /* how long a node has been running since bytes came last */
};

struct catalog_uploads {
    struct catalog_upload *items;
    size_t count;
};

/* Adds an upload. EINVAL: it has no id, or a negative size. */
enum catalog_error catalog_upload_create(
    struct catalog *catalog, const struct catalog_upload *upload);

/* Reads one upload, as a list of one. ENOTFOUND. */
enum catalog_error catalog_upload_get(
    struct catalog *catalog, const char *id, struct catalog_uploads *out);

/*
 * Reads all uploads that are not lessons yet, newest first.
 * user: only this user's; NULL: everybody's.
 */
enum catalog_error catalog_uploads(
    struct catalog *catalog, const char *user, struct catalog_uploads *out);

void catalog_uploads_free(struct catalog_uploads *uploads);

/* Records that an upload has made progress: how many bytes are stored. ENOTFOUND. */
enum catalog_error catalog_upload_touch(
    struct catalog *catalog, const char *id, int64_t received_bytes, int64_t now_ms);

/* Sums over the uploads that are not lessons yet. */
struct catalog_upload_totals {
    int64_t count, total_bytes;
    int64_t left_bytes; /* still to come */
};

/*
 * user: only this user's; NULL: everybody's.
 * idle_below_ms: only those that were idle for less; 0: all.
 */
enum catalog_error catalog_upload_totals(struct catalog *catalog, const char *user,
    int64_t idle_below_ms, struct catalog_upload_totals *out);

/* Adds to the idle time of all uploads that are not lessons yet. */
enum catalog_error catalog_uploads_age(struct catalog *catalog, int64_t elapsed_ms);

/* Reads the uploads that are not lessons yet and have been idle for so long. */
enum catalog_error catalog_uploads_idle(
    struct catalog *catalog, int64_t idle_ms, struct catalog_uploads *out);

/* Forgets an upload if it is still no lesson and still has been idle for so long. *expired: whether
 * it did; then the caller removes the file. */
enum catalog_error catalog_upload_expire(
    struct catalog *catalog, const char *id, int64_t idle_ms, bool *expired);

/*
 * Makes an upload a lesson. May be repeated: it gives the same lesson again.
 * sha256: of the file, 64 hex digits.
 * ENOTFOUND: there is no such upload.
 */
enum catalog_error catalog_upload_complete(struct catalog *catalog, const char *id,
    const char *sha256, int64_t now_ms, int64_t *lesson_id);

/*
 * Forgets an upload.
 * complete: gets whether its file is a lesson's source now. If it is not, the caller removes the
 * file.
 * ENOTFOUND.
 */
enum catalog_error catalog_upload_remove(struct catalog *catalog, const char *id, bool *complete);

/*
 * Reads the names of all files in DATA/sources that the catalog knows: of sources, remuxed copies
 * and uploads. Other files there are garbage.
 * out: gets an array that ends in NULL. The caller frees it with catalog_names_free().
 */
enum catalog_error catalog_source_files(struct catalog *catalog, char ***out, size_t *count);

void catalog_names_free(char **names);

#endif
