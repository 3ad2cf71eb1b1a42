/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Resumable uploads: tus 1.0.0 (core, creation, termination, expiration left to the operator) under
 * /api/uploads. A body goes straight to the upload's file in the pool, block by block, with back
 * pressure.
 */
#ifndef NODE_INGEST_INGEST_H
#define NODE_INGEST_INGEST_H

#include "node/http/http.h"
#include "node/store/store.h"

struct ingest;

struct ingest_params {
    const struct store *store;
    int64_t max_upload_bytes; /* 0: 64 GiB */
};
int ingest_open(
    struct ingest **out, const struct ingest_params *params); /* 0 or a negative errno */
void ingest_close(struct ingest **ingest);
struct http_route_set ingest_routes(struct ingest *ingest);

#endif
