/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The request: what handlers ask of it, its way to a handler, deferred work, its end. */
#include "node/http/http_internal.h"
#include "node/http/parse/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct http_request *request_new(struct http_conn *conn)
{
    struct http_request *req = calloc(1, sizeof(*req));

    if (!req)
        return NULL;
    req->conn = conn;
    req->loop = conn->loop;
    req->file_fd = -1;
    req->secure = conn->secure;
    memcpy(req->peer, conn->peer, sizeof(req->peer));
    return req;
}

void request_free(struct http_request *req)
{
    request_stop_timer(req);
    pieces_release(req);
    body_free(&req->body);
    http_head_free(&req->head);
    buf_free(&req->headers);
    free(req->args);
    free(req->user);
    free(req->etag);
    free(req);
}

void request_kick(struct http_request *req)
{
    if (req->conn)
        conn_kick(req->conn);
}

/* ---- what was asked ---------------------------------------------------------------------------
 */

enum http_method http_request_method(const struct http_request *req)
{
    return req->head.method;
}

const char *http_request_path(const struct http_request *req)
{
    return req->head.path;
}

const char *http_request_query(const struct http_request *req)
{
    return req->head.query;
}

int http_request_param(
    const struct http_request *req, const char *name, char *out, size_t out_bytes)
{
    return http_query_param(req->head.query, name, out, out_bytes);
}

const char *http_request_arg(const struct http_request *req, const char *name)
{
    const char *value = req->args;

    for (size_t i = 0; i < req->match.arg_count; i++) {
        const struct http_arg *arg = &req->match.args[i];

        if (strlen(name) == arg->name_bytes && memcmp(name, arg->name, arg->name_bytes) == 0)
            return value;
        value += arg->value_bytes + 1;
    }
    return "";
}

int64_t http_request_arg_int(const struct http_request *req, const char *name)
{
    const char *text = http_request_arg(req, name);
    int64_t value = 0;

    if (!*text)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || value > (INT64_MAX - 9) / 10)
            return -1;
        value = value * 10 + (*text - '0');
    }
    return value;
}

const char *http_request_header(const struct http_request *req, const char *name)
{
    size_t from = 0;

    return http_head_field(&req->head, name, &from);
}

int http_request_cookie(
    const struct http_request *req, const char *name, char *out, size_t out_bytes)
{
    size_t from = 0;
    const char *header;
    int length = -1;

    while (length < 0 && (header = http_head_field(&req->head, "Cookie", &from)))
        length = http_cookie_value(header, name, out, out_bytes);
    return length;
}

const char *http_request_peer(const struct http_request *req)
{
    return req->peer;
}

bool http_request_secure(const struct http_request *req)
{
    return req->secure;
}

int http_request_tls_port(const struct http_request *req)
{
    return req->loop->server->tls_port;
}

int64_t http_request_body_bytes(const struct http_request *req)
{
    return req->head.body_bytes;
}

void http_request_set_user(struct http_request *req, const struct http_user *user)
{
    if (!req->user)
        req->user = malloc(sizeof(*req->user));
    if (req->user)
        *req->user = *user;
}

const struct http_user *http_request_user(const struct http_request *req)
{
    return req->user;
}

bool http_request_gone(const struct http_request *req)
{
    return !req->conn || req->conn->broken;
}

/* ---- to its handler ---------------------------------------------------------------------------
 */

static int copy_args(struct http_request *req)
{
    const struct http_match *match = &req->match;
    size_t total_bytes = 0;
    char *at;

    for (size_t i = 0; i < match->arg_count; i++)
        total_bytes += match->args[i].value_bytes + 1;
    if (total_bytes == 0)
        return 0;
    at = req->args = malloc(total_bytes);
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

/* Players on other origins ask first when they send more than simple headers. */
static void respond_options(struct http_request *req, int methods)
{
    add_allow(req, methods);
    if (strncmp(req->head.path, "/v/", 3) == 0) {
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
        bool (*nowhere)(struct http_request *) = req->loop->server->params.nowhere;

        if (!nowhere || !nowhere(req))
            respond_status(req, 404);
    } else if (req->head.method == HTTP_OPTIONS) {
        respond_options(req, req->match.methods);
    } else {
        add_allow(req, req->match.methods);
        respond_status(req, 405);
    }
}

static bool turn_away(struct http_request *req, int most_waiting)
{
    if (pool_waiting(req->loop->server->pool) < (size_t)most_waiting)
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

/* A queue that is too long is better left alone than made longer: nearly all of the API waits for
 * the catalog. */
static bool api_turned_away(struct http_request *req)
{
    return strncmp(req->route->pattern, "/api/", 5) == 0 &&
           turn_away(req, req->loop->server->params.max_waiting);
}

/* What changes something has no tags here, so that no list of them can hold (RFC 9110
 * section 13.1.1). */
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
        &req->match, params->routes, params->route_count, req->head.method, req->head.path);
    route = req->route = req->match.route;
    pace_begin(req);
    if (!route)
        respond_unrouted(req);
    else if (copy_args(req) < 0)
        respond_status(req, 500);
    else if (!api_turned_away(req) && let_in(req) && !precondition_failed(req))
        route->handle(req, route->ctx);
}

/* ---- deferred work ----------------------------------------------------------------------------
 */

static void run_deferred(struct pool_task *task, void *thread_ctx)
{
    struct deferred *deferred = (struct deferred *)task;
    struct http_loop *loop = deferred->loop;

    deferred->work(thread_ctx, deferred->arg);
    pthread_mutex_lock(&loop->lock);
    *loop->posted_last = deferred;
    loop->posted_last = &deferred->next;
    /* Within the lock: once the loop has seen the last of these it may end. */
    loop_wake(loop);
    pthread_mutex_unlock(&loop->lock);
}

void http_request_defer(struct http_request *req, http_work_fn work, http_done_fn done, void *task)
{
    struct deferred *deferred = calloc(1, sizeof(*deferred));

    /* done() is promised, and without work() it has no result to look at. */
    if (!deferred) {
        server_log(req->loop->server, "out of memory: deferred work can't be queued");
        abort();
    }
    deferred->task.run = run_deferred;
    deferred->req = req;
    deferred->loop = req->loop;
    deferred->work = work;
    deferred->done = done;
    deferred->arg = task;
    req->deferred++;
    pool_submit(req->loop->server->pool, &deferred->task);
}

/* What is left to do for a request whose connection is gone. Those who are told so may defer once
 * more: then this comes again. */
static void end_abandoned(struct http_request *req)
{
    body_abort(req);
    stream_close(req);
    if (req->deferred > 0)
        req->loop->abandoned++;
    else
        request_free(req);
}

void request_run_done(struct deferred *deferred)
{
    struct http_request *req = deferred->req;

    deferred->done(req, deferred->arg);
    free(deferred);
    req->deferred--;
    if (req->conn) {
        conn_run(req->conn);
    } else if (req->deferred == 0) {
        req->loop->abandoned--;
        end_abandoned(req);
    }
}

void request_abandon(struct http_request *req)
{
    req->conn = NULL;
    request_stop_timer(req);
    if (req->deferred > 0)
        req->loop->abandoned++;
    else
        end_abandoned(req);
}
