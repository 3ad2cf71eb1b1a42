/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the files of node/ingest alone. */
#ifndef NODE_INGEST_INGEST_INTERNAL_H
#define NODE_INGEST_INGEST_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "catalog/catalog.h"
#include "node/http/http.h"
#include "node/store/store.h"

#define UPLOAD_ID_BYTES 33

/* A running PATCH request, of one upload. */
struct upload_writer {
    struct upload_writer *next; /* in ingest->writers */
    char id[UPLOAD_ID_BYTES];
    bool superseded; /* another request has taken over the upload; protected by mutex */
    /* The pool writes a block, or syncs and completes the upload. Protected by mutex. */
    bool writing;
};
struct completion;
struct kept_hash;

struct ingest {
    const struct store *store;
    int64_t max_upload_bytes, quota_bytes, expiry_ms;
    pthread_mutex_t mutex;
    struct upload_writer *writers; /* running PATCH requests; of one upload, at most one that is not
                             * superseded */
    pthread_cond_t changed; /* signalled when a completion ends, look_again is set, or the node
                             * stops; used with mutex */
    struct completion *completions; /* uploads that are becoming lessons now; protected by mutex */
    struct kept_hash *hashes;       /* newest first; protected by mutex */
    int hash_count;                 /* protected by mutex */
    bool retry_wanted;              /* a completion failed; protected by mutex */
    bool look_again;                /* the completer shall look for uploads; protected by mutex */
    atomic_bool closing;
    pthread_t completer; /* the thread that completes uploads at the start of the node, after
                          * failures, and when look_again is set */
    bool has_completer;
};

/* Adds the headers that every tus response has. */
void ingest_headers(struct http_request *req);
/* Adds the header that says when an unfinished upload expires (tus expiration). idle_ms: how long
 * nothing has come. */
void ingest_expires(struct http_request *req, const struct ingest *ingest, int64_t idle_ms);
/* Adds elapsed_ms to the idle time of unfinished uploads, and removes those that have expired.
 * Returns CATALOG_OK or an error. Any thread with a catalog connection. */
int ingest_age(struct ingest *ingest, struct catalog *catalog, int64_t elapsed_ms);
/* Takes over the upload from an older request. A client that sends a new request has lost its old
 * connection, even if the server has not noticed yet. Returns false while the older request is busy
 * with the file: it writes a block, or it syncs the file and completes the upload. Any thread, as
 * the next four. */
bool writers_enter(struct ingest *ingest, struct upload_writer *writer);
void writers_leave(
    struct ingest *ingest, struct upload_writer *writer); /* it may not have entered */
/* Claims the file for one write, or for the last step. Returns false if another request has taken
 * over the upload. */
bool writers_begin(struct ingest *ingest, struct upload_writer *writer);
void writers_end(struct ingest *ingest, struct upload_writer *writer);
/* Whether a client is sending bytes of this upload now. */
bool writers_have(struct ingest *ingest, const char *id);
/* Takes the hash of the first `bytes` bytes of an upload, which the caller then owns. Returns a new
 * one if bytes is 0. NULL: it is not known, or memory ran out; then the file must be read. Any
 * thread. */
struct store_hash *ingest_take_hash(struct ingest *ingest, const char *id, int64_t bytes);
/* Keeps a hash for the next request or for the last step. Takes it over; accepts NULL. Any thread. */
void ingest_keep_hash(struct ingest *ingest, const char *id, struct store_hash *hash);
void ingest_free_hashes(struct ingest *ingest);
/* Checks the client's tus version. If it is another one, answers with 412 and returns false. */
bool ingest_check_version(struct http_request *req);
/* Answers with a failure: an enum catalog_error, or a value of ingest_errno(), which maps a
 * negative errno to a number that no catalog error has. */
void ingest_respond_error(struct http_request *req, int error);
#define ingest_errno(error) ((error)-1000)
/* Finds an upload for its owner or an admin. For all others it is CATALOG_ENOTFOUND. *out is the
 * caller's. Pool thread. */
int ingest_find(struct catalog *catalog, const char *id, const char *user, bool admin,
    struct catalog_uploads *out);
/* What ingest_complete() does while other threads complete uploads. */
enum ingest_wait {
    INGEST_DONT_WAIT, /* returns at once if another thread completes the same upload */
    INGEST_WAIT,      /* waits for the other thread in that case */
    /* Leaves the upload to the completer if any upload is being completed. So HEAD requests never
     * occupy more than one thread of the pool with hashing. */
    INGEST_IF_IDLE,
};
/*
 * Makes an upload a lesson if all its bytes are there. May be repeated, and called by several
 * threads at once: an upload becomes one lesson.
 * id: the upload's.
 * Returns CATALOG_OK with the lesson in *lesson_id; 0 there: bytes are missing, or another thread
 * is at it. CATALOG_ENOTFOUND: the upload was deleted. Else an error as for ingest_respond_error();
 * then the completer retries.
 * Blocks for as long as the file takes to be read. Any thread that has a catalog connection.
 */
int ingest_complete(struct ingest *ingest, struct catalog *catalog, const char *id,
    enum ingest_wait wait_for_others, int64_t *lesson_id);
/* Starts the completer: the thread that completes what an earlier node left, retries after failures,
 * and lets uploads expire. Returns 0 or a negative errno. */
int ingest_start_completer(struct ingest *ingest);
/* Lets the completer look for uploads that have all their bytes. Any thread. */
void ingest_look_again(struct ingest *ingest);
/* Stops the completer if it was started. Interrupts all hashing. */
void ingest_stop_completer(struct ingest *ingest);
/* Copies the upload's id from the route. If it is malformed, answers with 404 and returns false. */
bool ingest_id(struct http_request *req, char *id);
/* Reads a whole number >= 0 from a header. Returns -1 if it is absent, not a number, or longer than
 * 18 digits. */
int64_t ingest_header_number(const struct http_request *req, const char *name);
bool ingest_is_admin(const struct http_request *req);

/* Handlers; ctx is the struct ingest *. */
void ingest_options(struct http_request *req, void *ctx);
void ingest_create(struct http_request *req, void *ctx);
void ingest_list(struct http_request *req, void *ctx);
void ingest_head(struct http_request *req, void *ctx);
void ingest_delete(struct http_request *req, void *ctx);
void ingest_patch(struct http_request *req, void *ctx);

#endif
