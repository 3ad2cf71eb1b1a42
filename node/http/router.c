/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/router.h"

#include <string.h>

static bool match_pattern(struct http_match *match, const char *pattern, const char *path)
{
    match->arg_count = 0;
    while (*pattern) {
        if (*pattern != ':') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        size_t part_bytes = (size_t)(strchrnul(pattern, '/') - pattern);
        size_t value_bytes = (size_t)(strchrnul(path, '/') - path);

        if (value_bytes == 0 || match->arg_count == HTTP_MAX_ARGS)
            return false;
        match->args[match->arg_count++] =
            (struct http_arg){pattern + 1, part_bytes - 1, path, value_bytes};
        pattern += part_bytes;
        path += value_bytes;
    }
    return *path == '\0';
}

static int handled_methods(const struct http_route *route)
{
    return route->methods | (route->methods & HTTP_GET ? HTTP_HEAD : 0);
}

void http_router_match(struct http_match *match, const struct http_route *routes,
    size_t route_count, enum http_method method, const char *path)
{
    struct http_match found = {0};

    for (size_t i = 0; i < route_count; i++) {
        if (!match_pattern(match, routes[i].pattern, path))
            continue;
        /* OPTIONS is answered for every path; a route that names it has more to say. */
        found.methods |= handled_methods(&routes[i]) | HTTP_OPTIONS;
        if (handled_methods(&routes[i]) & (int)method) {
            match->route = &routes[i];
            match->methods = found.methods;
            return;
        }
    }
    *match = found;
}
