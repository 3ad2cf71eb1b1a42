/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resumable uploads under /api/uploads: tus 1.0.0 with creation and termination. Uploads do not
 * expire by themselves. Blocks of a body are written to the upload's file by a pool thread, with
 * back pressure. */
#ifndef NODE_INGEST_INGEST_H
#define NODE_INGEST_INGEST_H

#include "node/http/http.h"
#include "node/store/store.h"

struct ingest;

struct ingest_params {
    const struct store *store; /* NULL: only the routes are needed */
    int64_t max_upload_bytes;  /* 0: 64 GiB */
};
/* Opens the module, and starts to complete uploads that have all their bytes but are not lessons
 * yet. Returns 0 or a negative errno. */
int ingest_open(struct ingest **out, const struct ingest_params *params);
void ingest_close(struct ingest **ingest);
struct http_route_set ingest_routes(struct ingest *ingest);

/* Returns how many bytes of an upload are on the disk, 0 if it has no file yet, or a negative
 * errno. Any thread. */
int64_t ingest_offset(const struct store *store, const char *id);

#endif
