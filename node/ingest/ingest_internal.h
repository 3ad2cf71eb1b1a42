/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of node/ingest. */
#ifndef NODE_INGEST_INGEST_INTERNAL_H
#define NODE_INGEST_INGEST_INTERNAL_H

#include <pthread.h>

#include "catalog/catalog.h"
#include "node/http/http.h"
#include "node/store/store.h"

#define UPLOAD_ID_BYTES 33

struct patch;

struct ingest {
    const struct store *store;
    int64_t max_upload_bytes;
    pthread_mutex_t mutex;
    struct patch *writers; /* PATCH requests under way, at most one of which owns an upload */
};

/* Headers that every tus answer has. */
void ingest_headers(struct http_request *req);
/* False, with 412 sent, if the client speaks another version of tus. */
bool ingest_check_version(struct http_request *req);
/* The answer to a failure: an enum catalog_error, or a negative errno below -1000 (see
 * ingest_errno). */
void ingest_respond_error(struct http_request *req, int error);
#define ingest_errno(error) ((error)-1000)
/* The upload of the route's id for its owner; ENOTFOUND for everybody else. Pool. *out is the
 * caller's. */
int ingest_find(struct catalog *catalog, const char *id, const char *user, bool admin,
    struct catalog_uploads *out);
/* What is on the disk of an upload; 0 if there is no file yet. Negative errno on failure. */
int64_t ingest_offset(const struct ingest *ingest, const char *id);
/* Copies the route's id. False, with 404 sent, if it is none. */
bool ingest_id(struct http_request *req, char *id);
/* A whole number >= 0 from a header; -1 if it is absent or none. */
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
