/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds the route for a path and a method. Pure. */
#ifndef NODE_HTTP_ROUTER_H
#define NODE_HTTP_ROUTER_H

#include "node/http/http.h"

enum { HTTP_MAX_ARGS = 8 };

/* The value of one ":name" in a pattern. */
struct http_arg {
    const char *name; /* points into the pattern */
    size_t name_bytes;
    const char *value; /* points into the path */
    size_t value_bytes;
};

struct http_match {
    const struct http_route *route; /* NULL: no route has this path and method */
    void *ctx;                      /* the context of the route's set */
    int methods; /* if route is NULL: all methods that the path allows, with OPTIONS, and with HEAD
                  * if it allows GET; 0: unknown path */
    struct http_arg args[HTTP_MAX_ARGS];
    size_t arg_count;
};

/* Finds the first route that has the path and the method. */
void http_router_match(struct http_match *match, const struct http_route_set *sets,
    size_t set_count, enum http_method method, const char *path);

#endif
