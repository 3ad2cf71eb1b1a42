/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resumable uploads under /api/uploads: tus 1.0.0 with creation, expiration and termination. Blocks of a body are written to the upload's file by a pool thread, with
 * back pressure. */
#ifndef NODE_INGEST_INGEST_H
#define NODE_INGEST_INGEST_H

#include "node/http/http.h"
#include "node/store/store.h"

struct ingest;

struct ingest_params {
    const struct store *store; /* NULL: only the routes are needed */
    int64_t max_upload_bytes;  /* 0: 64 GiB */
    int64_t quota_bytes;       /* of all unfinished uploads of a user; 0: 256 GiB */
    int64_t expiry_ms;         /* an unfinished upload is removed when nothing has come for so long
                                * while a node ran; 0: a week */
};
/* Opens the module, and starts to complete uploads that have all their bytes but are not lessons
 * yet. Returns 0 or a negative errno. */
int ingest_open(struct ingest **out, const struct ingest_params *params);
/* Interrupts the hashing of files, so that the node can stop at once. Uploads are completed at the
 * next start. Any thread. */
void ingest_interrupt(struct ingest *ingest);
void ingest_close(struct ingest **ingest);
struct http_route_set ingest_routes(struct ingest *ingest);

/* Returns how many bytes of an upload are on the disk, 0 if it has no file yet, or a negative
 * errno. Any thread. */
int64_t ingest_offset(const struct store *store, const char *id);

#endif
