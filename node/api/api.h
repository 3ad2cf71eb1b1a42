/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JSON API for the pages; see docs/http-api.md. */
#ifndef NODE_API_API_H
#define NODE_API_API_H

#include "node/http/http.h"
#include "node/link/link.h"
#include "node/monitor/monitor.h"
#include "node/store/store.h"

struct api;

struct api_params {
    const struct store *store; /* the caller's; outlives the api */
};

/* Opens the API of lessons and of the operator's queue. Returns 0 or a negative errno, and then
 * *out is NULL. */
int api_open(struct api **out, const struct api_params *params);

/* Frees the API and sets *api to NULL. Accepts NULL in *api. */
void api_close(struct api **api);

/* Returns the routes of lessons for everybody, and of the operator's lessons and queue. */
struct http_route_set api_routes(struct api *api);

/* Returns the routes of what terminals take, of the uplink minute by minute, and of /metrics. */
struct http_route_set api_traffic_routes(struct monitor *monitor);

/* Returns the routes of the uplink's limit, of the sites, and of what a terminal learns of its
 * link. */
struct http_route_set api_site_routes(struct link *link);

#endif
