/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The catalog: what Terrace knows. It holds lessons, their sources, renditions, chunks and events,
 * the jobs that make them, uploads, users and their sessions, sites, and what the uplink carried.
 *
 * This header opens and closes the catalog, and includes the headers of all its parts.
 *
 * Threads and processes: a `struct catalog` is one connection, for one thread at a time. Threads
 * that work at the same time open one each: in WAL mode, SQLite lets readers go on beside one
 * writer. Several processes on one host may have the same catalog open.
 *
 * Conventions, unless a function says otherwise:
 *  - Functions return CATALOG_OK (0) or a negative enum catalog_error. After a failure, nothing was
 *    changed, the caller owns nothing, and catalog_message() has a sentence for people.
 *  - Strings and buffers that are passed in are copied.
 *  - A list is passed out as a struct of items and count. The caller frees it with the matching
 *    *_free(), which accepts NULL and empty lists.
 *  - Strings in structs that are passed out are never NULL. "" means that there is nothing.
 *  - Times (`_ms`) are milliseconds since the Unix epoch. The caller passes the current time in
 *    (now_ms). The catalog never reads the clock, so tests can set the time.
 *  - A function that writes is one transaction (BEGIN IMMEDIATE, or one statement). It is durable
 *    when the function returns (synchronous = FULL).
 */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/changes.h"
#include "catalog/errors.h"
#include "catalog/events.h"
#include "catalog/job_results.h"
#include "catalog/jobs.h"
#include "catalog/lesson_rows.h"
#include "catalog/lesson_state.h"
#include "catalog/lessons.h"
#include "catalog/queue.h"
#include "catalog/renditions.h"
#include "catalog/segment_table.h"
#include "catalog/sites.h"
#include "catalog/uplink.h"
#include "catalog/uploads.h"
#include "catalog/users.h"

struct catalog_params {
    const char *path;        /* the database file; it is created if it does not exist */
    bool must_exist;         /* fail with ENOTFOUND instead of creating or filling the file */
    bool read_only;          /* no migration and no writes (terrace doctor) */
    int64_t busy_timeout_ms; /* how long to wait for another writer; 0: 10,000 */
    catalog_log_fn log;      /* may be NULL */
    void *log_ctx;
};

/*
 * Opens the catalog, and creates or migrates it if needed.
 *
 * Only the owner and the group of its files can open them. Unless must_exist or read_only is set,
 * the mode of older files is corrected.
 *
 * out: on success the connection, which the caller closes with catalog_close(); else NULL.
 *
 * message: may be NULL; on failure gets one line for people ("FILE is not a Terrace catalog").
 *
 * Errors: EFOREIGN, ENEWER, ECORRUPT, EPERM, EFULL, EIO, EBUSY, ENOTFOUND, ENOMEM; ESTATE:
 * read_only is set and the file is of an older version.
 */
enum catalog_error catalog_open(
    struct catalog **out, const struct catalog_params *params, char *message, size_t message_bytes);

/* Closes the connection and sets *catalog to NULL. Accepts NULL in *catalog. */
void catalog_close(struct catalog **catalog);

/*
 * Copies the whole catalog into a new file, while others read and write.
 * path: the new file. It is written under a temporary name, synced and renamed, and only its owner
 * and group can open it.
 * Errors: EEXISTS (path exists already), EPERM, EFULL, EIO.
 */
enum catalog_error catalog_backup(struct catalog *catalog, const char *path);

/* Looks for damage: reads all pages, and compares tables with their indexes and with each other. It
 * takes 1 s for 100,000 lessons. ECORRUPT: catalog_message() has the first finding. */
enum catalog_error catalog_check(struct catalog *catalog);

#endif
