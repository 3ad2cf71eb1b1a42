/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everything under /v/: multivariant, media and I-frame playlists, init segments, segments,
 * posters. Keeps an index of recently used lessons in memory (bounded), made from the catalog in
 * the pool; a segment's URL is then resolved to (file, offset, length) without leaving the loop.
 */
#ifndef NODE_HLS_HLS_H
#define NODE_HLS_HLS_H

#include "node/http/http.h"
#include "node/store/store.h"

struct hls;

struct hls_params {
    const struct store *store; /* the caller's, outlives hls */
    size_t max_lessons;        /* lessons whose index is kept; 0: 256 */
    /* What the link to the asking terminal carries, in bit/s; 0: not known. Any thread. NULL: never
     * known. */
    int64_t (*estimate_bps)(const struct http_request *req, void *ctx);
    void *estimate_ctx;
};
int hls_open(struct hls **out, const struct hls_params *params); /* 0 or -ENOMEM */
void hls_close(struct hls **hls);
/* Its routes; valid while hls is. The pool's thread context must be a struct catalog *. */
struct http_route_set hls_routes(struct hls *hls);

#endif
