/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a path and a method to a route. Pure. */
#ifndef NODE_HTTP_ROUTER_H
#define NODE_HTTP_ROUTER_H

#include "node/http/http.h"

enum { HTTP_MAX_ARGS = 8 };

/* What stood for ":name". */
struct http_arg {
    const char *name; /* in the pattern */
    size_t name_bytes;
    const char *value; /* in the path */
    size_t value_bytes;
};

struct http_match {
    const struct http_route *route; /* NULL: none for this method */
    void *ctx;                      /* of the route's set */
    int methods; /* what the path allows in all, HEAD and OPTIONS included; 0: no such path */
    struct http_arg args[HTTP_MAX_ARGS];
    size_t arg_count;
};

/* Finds the first route that has the path and the method. */
void http_router_match(struct http_match *match, const struct http_route_set *sets,
    size_t set_count, enum http_method method, const char *path);

#endif
