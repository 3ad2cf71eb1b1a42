/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The modules that answer requests, opened and closed together, and all their routes as one table.
 */
#ifndef NODE_MODULES_H
#define NODE_MODULES_H

#include "catalog/catalog.h"
#include "node/auth/auth.h"
#include "node/config.h"
#include "node/http/http.h"
#include "node/link/link.h"
#include "node/monitor/monitor.h"
#include "node/store/store.h"

enum { MODULES_ROUTE_SETS = 8 };

struct modules {
    struct hls *hls;
    struct auth *auth;
    struct ingest *ingest;
    struct monitor *monitor;
    struct api *api;
    struct link *link;
    struct http_route_set route_sets[MODULES_ROUTE_SETS]; /* of all modules, and GET /healthz */
};

/*
 * Opens all modules and makes their table of routes. store and catalog (used during the call only)
 * may both be NULL: the routes can then be looked at, not served. On success the caller ends with
 * modules_close(), after the server that uses the routes; on failure *out is empty. 0, or a
 * negative errno with one line in message.
 */
int modules_open(struct modules *out, const struct config *config, const struct store *store,
    struct catalog *catalog, char *message, size_t message_bytes);
/* For http_server_params.guard; ctx is the struct modules *: who may ask, and whether a download
 * may be had now. */
bool modules_guard(struct http_request *req, const struct http_route *route, void *ctx);
/* Its still_allowed; ctx likewise. */
bool modules_still_allowed(
    const struct http_request *req, const struct http_route *route, void *ctx);
/* Frees everything; an empty struct is fine. */
void modules_close(struct modules *modules);

#endif
