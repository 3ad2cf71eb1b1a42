/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What handlers can ask about a request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/http/exchange.h"
#include "node/http/parse/target.h"
#include "node/util/network.h"

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

void http_request_network(const struct http_request *req, char out[HTTP_NETWORK_BYTES])
{
    network_of(req->peer, out);
}

bool http_request_local(const struct http_request *req)
{
    const char *peer = req->peer;
    return !req->forwarded && (strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0);
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

bool http_request_set_user(struct http_request *req, const struct http_user *user)
{
    if (!req->user)
        req->user = malloc(sizeof(*req->user));
    if (req->user)
        *req->user = *user;
    return req->user != NULL;
}

const struct http_user *http_request_user(const struct http_request *req)
{
    return req->user;
}

bool http_request_gone(const struct http_request *req)
{
    return !req->conn || req->conn->socket.broken;
}

void http_request_site(const struct http_request *req, char *out, size_t out_bytes)
{
    if (http_request_param(req, "site", out, out_bytes) < 0 &&
        http_request_cookie(req, "site", out, out_bytes) < 0)
        out[0] = '\0';
}
