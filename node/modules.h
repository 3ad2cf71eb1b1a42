/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The modules that answer requests: they are opened and closed together, and all their routes are
 * collected here. */
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
    struct http_route_set route_sets[MODULES_ROUTE_SETS]; /* the routes of all modules, and GET
                                                           * /healthz */
};

/* Opens all modules and collects their routes. catalog is used only during the call. If store and
 * catalog are NULL, the routes can be listed but not served. Returns 0, and the caller calls
 * modules_close() after it has closed the server; or a negative errno with one line in message, and
 * *out is empty. */
int modules_open(struct modules *out, const struct config *config, const struct store *store,
    struct catalog *catalog, char *message, size_t message_bytes);
/* For http_server_params.guard; ctx is the struct modules *. Checks whether the user may send the
 * request, and whether the terminal's site may download now. Returns true; or false, and the
 * request is answered. */
bool modules_guard(struct http_request *req, const struct http_route *route, void *ctx);
/* For http_server_params.still_allowed; ctx is the struct modules *. */
bool modules_still_allowed(
    const struct http_request *req, const struct http_route *route, void *ctx);
/* Frees everything. Harmless on an empty struct. */
void modules_close(struct modules *modules);

#endif
