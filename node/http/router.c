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

/* Looks for the path in one set of routes. Adds the methods that its routes allow for the path to
 * *methods. Returns true if a route allows this method too. */
static bool match_set(struct http_match *match, const struct http_route_set *set,
    enum http_method method, const char *path, int *methods)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct http_route *route = &set->routes[i];
        if (!match_pattern(match, route->pattern, path))
            continue;
        /* OPTIONS is allowed for every path: if no route names it, the server answers it. */
        *methods |= handled_methods(route) | HTTP_OPTIONS;
        if (handled_methods(route) & (int)method) {
            match->route = route;
            match->ctx = set->ctx;
            return true;
        }
    }
    return false;
}

void http_router_match(struct http_match *match, const struct http_route_set *sets,
    size_t set_count, enum http_method method, const char *path)
{
    int methods = 0;
    for (size_t i = 0; i < set_count; i++)
        if (match_set(match, &sets[i], method, path, &methods)) {
            match->methods = methods;
            return;
        }
    *match = (struct http_match){.methods = methods};
}
