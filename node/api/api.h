/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JSON API for pages: lessons for everybody, the operator's lessons and queue. See
 * docs/http-api.md. */
#ifndef NODE_API_API_H
#define NODE_API_API_H

#include "node/http/http.h"
#include "node/store/store.h"

struct api;

struct api_params {
    const struct store *store;
};
int api_open(struct api **out, const struct api_params *params); /* 0 or a negative errno */
void api_close(struct api **api);
const struct http_route *api_routes(const struct api *api, size_t *count);

#endif
