/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything under /v/: multivariant, media and I-frame playlists, init segments, segments,
 * posters, storyboards, and renditions as MP4 files. A bounded number of lessons has its index in
 * memory; a pool thread makes it from the catalog. With the index, the loop resolves a segment's
 * URL to (file, offset, length) without blocking. */
#ifndef NODE_HLS_HLS_H
#define NODE_HLS_HLS_H

#include "node/http/http.h"
#include "node/store/store.h"

struct hls;

struct hls_params {
    const struct store *store; /* the caller's; outlives hls. NULL: only hls_routes() is used */
    size_t max_lessons;        /* how many lessons keep their index; 0: 256 */
    /* Returns the estimated rate of the link to the asking terminal in bit/s; 0: unknown. Called on
     * any thread. NULL: always unknown. */
    int64_t (*estimate_bps)(const struct http_request *req, void *ctx);
    void *estimate_ctx;
};
/* Starts a thread that follows the catalog. Returns 0 or a negative errno. */
int hls_open(struct hls **out, const struct hls_params *params);
void hls_close(struct hls **hls);
/* The routes; valid as long as hls. The thread context of the pool must be a struct catalog *. */
struct http_route_set hls_routes(struct hls *hls);

#endif
