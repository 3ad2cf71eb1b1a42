/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/dispatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/http/pace.h"
#include "node/http/parse/condition.h"
#include "node/http/response.h"

enum {
    MEDIA_WAITING = 4, /* media requests are turned away at this many times max_waiting */
    RETRY_AFTER_S = 2, /* after how many seconds a client that was turned away should try again */
};

static int copy_args(struct http_request *req)
{
    const struct http_match *match = &req->match;
    size_t total_bytes = 0;
    for (size_t i = 0; i < match->arg_count; i++)
        total_bytes += match->args[i].value_bytes + 1;
    if (total_bytes == 0)
        return 0;
    char *at = req->args = malloc(total_bytes);
    if (!at)
        return -ENOMEM;
    for (size_t i = 0; i < match->arg_count; i++) {
        memcpy(at, match->args[i].value, match->args[i].value_bytes);
        at += match->args[i].value_bytes;
        *at++ = '\0';
    }
    return 0;
}

static void add_allow(struct http_request *req, int methods)
{
    static const struct {
        enum http_method method;
        const char *name;
    } names[] = {
        {HTTP_GET, "GET"},
        {HTTP_HEAD, "HEAD"},
        {HTTP_POST, "POST"},
        {HTTP_PUT, "PUT"},
        {HTTP_PATCH, "PATCH"},
        {HTTP_DELETE, "DELETE"},
        {HTTP_OPTIONS, "OPTIONS"},
    };
    struct buf allow = {0};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (methods & (int)names[i].method)
            buf_addf(&allow, "%s%s", allow.used_bytes ? ", " : "", names[i].name);
    }
    http_response_header(req, "Allow", allow.data ? allow.data : "");
    buf_free(&allow);
}

/* Answers OPTIONS. For a player on another origin, a browser sends it before a request with more
 * than simple headers (CORS preflight). */
static void respond_options(struct http_request *req, int methods)
{
    add_allow(req, methods);
    if (request_is_media(req)) {
        http_response_header(req, "Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
        http_response_header(req, "Access-Control-Allow-Headers",
            "Range, If-Range, If-None-Match, If-Modified-Since, CMCD-Object, CMCD-Request, "
            "CMCD-Session, CMCD-Status");
        http_response_header(req, "Access-Control-Max-Age", "86400");
    }
    http_respond_empty(req, 204);
}

static void respond_unrouted(struct http_request *req)
{
    if (strcmp(req->head.path, "*") == 0) {
        respond_options(req,
            HTTP_GET | HTTP_HEAD | HTTP_POST | HTTP_PUT | HTTP_PATCH | HTTP_DELETE | HTTP_OPTIONS);
    } else if (req->match.methods == 0) {
        bool (*not_found)(struct http_request *) = req->loop->server->params.not_found;

        if (!not_found || !not_found(req))
            respond_status(req, 404);
    } else if (req->head.method == HTTP_OPTIONS) {
        respond_options(req, req->match.methods);
    } else {
        add_allow(req, req->match.methods);
        respond_status(req, 405);
    }
}

/* Turns a request away if too many tasks of its address wait for the pool. */
static bool turn_away(struct http_request *req, int max_waiting)
{
    struct pool *pool = req->loop->server->pool;
    if (pool_waiting(pool, request_lane(req), req->address->key) < (size_t)max_waiting)
        return false;
    http_response_headerf(req, "Retry-After", "%d", RETRY_AFTER_S);
    http_response_header(req, "Cache-Control", "no-store");
    respond_status(req, 503);
    return true;
}

bool http_request_turned_away(struct http_request *req)
{
    return turn_away(req, req->loop->server->params.max_waiting * MEDIA_WAITING);
}

/* Turns away an API request before its handler. Nearly all API requests need the catalog, so letting
 * them in would only make the queue longer. */
static bool api_turned_away(struct http_request *req)
{
    return strncmp(req->route->pattern, "/api/", 5) == 0 &&
           turn_away(req, req->loop->server->params.max_waiting);
}

/* Answers 412 to a request that would change something and has an If-Match other than "*". What
 * such requests change has no entity tags here, so no tag can match (RFC 9110 section 13.1.1).
 * Returns whether it answered. */
static bool precondition_failed(struct http_request *req)
{
    const int reading = HTTP_GET | HTTP_HEAD | HTTP_OPTIONS;
    if ((req->head.method & reading) || !http_condition_names_tags(&req->head))
        return false;
    respond_precondition_failed(req);
    return true;
}

static bool let_in(struct http_request *req)
{
    const struct http_server_params *params = &req->loop->server->params;
    return !params->guard || params->guard(req, req->route, params->guard_ctx);
}

void request_dispatch(struct http_request *req)
{
    const struct http_server_params *params = &req->loop->server->params;
    const struct http_route *route;
    http_router_match(
        &req->match, params->route_sets, params->route_set_count, req->head.method, req->head.path);
    route = req->route = req->match.route;
    pace_begin(req);
    if (!route)
        respond_unrouted(req);
    else if (copy_args(req) < 0)
        respond_status(req, 500);
    else if (!api_turned_away(req) && let_in(req) && !precondition_failed(req))
        route->handle(req, req->match.ctx);
}
