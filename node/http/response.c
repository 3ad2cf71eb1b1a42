/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Responses: heads, bodies from memory, errors. */
#include "node/http/response.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/http/body.h"
#include "node/http/gzip.h"
#include "node/http/parse/condition.h"
#include "node/http/parse/status.h"
#include "node/util/clock.h"
#include "node/util/decimal.h"

/* ---- headers ---- */

/* Adds text, with spaces in place of bytes that would end the line. Otherwise a value could add
 * headers of its own, or a body. */
static void add_clean(struct buf *buf, const char *text)
{
    size_t from = buf->used_bytes;
    buf_add_text(buf, text);
    for (char *at = buf->failed ? NULL : buf->data + from; at && *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
}

void http_response_etag(struct http_request *req, const char *etag)
{
    free(req->etag);
    req->etag = strdup(etag);
}

void http_response_header(struct http_request *req, const char *name, const char *value)
{
    buf_add_text(&req->headers, name);
    buf_add_text(&req->headers, ": ");
    add_clean(&req->headers, value);
    buf_add_text(&req->headers, "\r\n");
}

void http_response_headerf(struct http_request *req, const char *name, const char *format, ...)
{
    char *value;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&value, format, args);
    va_end(args);
    if (length < 0) {
        req->headers.failed = true;
        return;
    }
    http_response_header(req, name, value);
    free(value);
}

/* Adds a line whose value is known to be clean. Every response has some, and printf would take a
 * tenth of a playlist's processor time. */
static void add_line(struct buf *out, const char *name, const char *value)
{
    buf_add_text(out, name);
    buf_add_text(out, value);
    buf_add_text(out, "\r\n");
}

static void add_number(struct buf *out, int64_t value)
{
    char digits[DECIMAL_BYTES];
    buf_add(out, digits, (size_t)(decimal_write(digits, value) - digits));
}

static bool has_header(const struct http_request *req, const char *name)
{
    size_t name_bytes = strlen(name);
    for (const char *line = req->headers.data; line && *line; line = strchr(line, '\n') + 1)
        if (strncasecmp(line, name, name_bytes) == 0 && line[name_bytes] == ':')
            return true;
    return false;
}

/* Whether the connection must end after this response. */
static bool must_close(const struct http_request *req)
{
    return !req->head.keep_alive || loop_draining(req->loop) || !body_discardable(req);
}

/* Whether a browser could treat the body as a page or a program in spite of its type. Browsers
 * never do so with video, audio and images (MIME Sniffing section 7, Fetch section 2.9). */
static bool can_mislead(const char *content_type)
{
    static const char *const safe[] = {"video/", "audio/", "image/"};
    if (!content_type)
        return false;
    for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++)
        if (strncmp(content_type, safe[i], strlen(safe[i])) == 0)
            return false;
    return true;
}

static bool conn_is_held_back(const struct http_conn *conn)
{
    return conn->flow.active && conn->flow.pace.held_back;
}

/* Tells the player the rate that it should not exceed, and that the link is under strain
 * (CTA-5006). */
static void add_pace(const struct http_conn *conn, struct buf *out)
{
    long long rate_kbps = conn->flow.pace.rate_bps / 1000;

    buf_addf(out, "CMSD-Dynamic: \"terrace\";etp=%lld;mb=%lld;du\r\n", rate_kbps, rate_kbps);
}

static void add_server_headers(struct http_request *req, const char *content_type, struct buf *out)
{
    int64_t hsts_s = req->loop->server->params.hsts_seconds;
    bool media = request_is_media(req);
    buf_add_text(out, loop_common_headers(req->loop));
    if (can_mislead(content_type))
        buf_add_text(out, "X-Content-Type-Options: nosniff\r\n");
    /* Media contain no hyperlinks, so they need no Referrer-Policy. It is left out, because each
     * segment would carry its bytes over a slow link. */
    buf_add_text(
        out, media ? "Access-Control-Allow-Origin: *\r\n" : "Referrer-Policy: same-origin\r\n");
    if (media && http_request_header(req, "Origin"))
        buf_add_text(out, "Access-Control-Expose-Headers: *\r\n");
    if (req->secure && hsts_s > 0)
        buf_addf(out, "Strict-Transport-Security: max-age=%lld\r\n", (long long)hsts_s);
    if (media && conn_is_held_back(req->conn))
        add_pace(req->conn, out);
    if (req->close)
        buf_add_text(out, "Connection: close\r\n");
    else if (req->head.minor_version == 0)
        buf_add_text(out, "Connection: keep-alive\r\n");
}

void response_head(
    struct http_request *req, int status, const char *content_type, int64_t length_bytes)
{
    struct buf *out = &req->loop->scratch;
    req->close |= must_close(req);
    out->used_bytes = 0;
    buf_add_text(out, "HTTP/1.1 ");
    add_number(out, status);
    add_line(out, " ", http_status_reason(status));
    add_server_headers(req, content_type, out);
    if (content_type)
        add_line(out, "Content-Type: ", content_type);
    if (length_bytes >= 0) {
        buf_add_text(out, "Content-Length: ");
        add_number(out, length_bytes);
        buf_add_text(out, "\r\n");
    }
    if (req->etag) {
        buf_add_text(out, "ETag: ");
        add_clean(out, req->etag);
        buf_add_text(out, "\r\n");
    }
    buf_add(out, req->headers.data, req->headers.used_bytes);
    buf_add_text(out, "\r\n");
    struct http_socket *socket = &req->conn->socket;
    bool alone = evbuffer_get_length(socket_output(socket)) == 0;
    socket->output.head_bytes = alone ? out->used_bytes : 0;
    if (out->failed || req->headers.failed ||
        evbuffer_add(socket_output(&req->conn->socket), out->data, out->used_bytes) < 0) {
        req->conn->socket.broken = true;
        out->failed = false;
    }
}

bool response_begin(struct http_request *req)
{
    if (req->send != SEND_NONE) {
        server_log(req->loop->server, "%s was answered twice",
            req->head.path ? req->head.path : "a request");
        return false;
    }
    if (http_request_gone(req)) {
        req->send = SEND_WHOLE;
        return false;
    }
    return true;
}

void response_end(struct http_request *req)
{
    req->send = SEND_WHOLE;
    request_stop_timer(req);
    request_kick(req);
}

/* ---- bodies ---- */

/* Makes the entity tag weak: a compressed body is another representation and must not share a
 * strong tag with the plain one (RFC 9110 section 8.8.3.3). */
static void weaken_etag(struct http_request *req)
{
    char *weak;
    if (!req->etag || req->etag[0] != '"')
        return;
    if (asprintf(&weak, "W/%s", req->etag) < 0)
        weak = NULL;
    free(req->etag);
    req->etag = weak;
}

static enum http_condition check_condition(const struct http_request *req)
{
    const struct http_validators validators = {.etag = req->etag};
    if (req->head.method != HTTP_GET && req->head.method != HTTP_HEAD)
        return HTTP_CONDITION_HOLDS;
    return http_condition_check(&req->head, &validators, clock_wall_ms() / 1000);
}

static bool wants_gzip(struct http_request *req, const char *content_type, size_t body_bytes)
{
    if (!http_type_compressible(content_type) || has_header(req, "Content-Encoding"))
        return false;
    if (!has_header(req, "Vary"))
        http_response_header(req, "Vary", "Accept-Encoding");
    return body_bytes >= HTTP_GZIP_PAYS_BYTES &&
           http_accepts_gzip(http_request_header(req, "Accept-Encoding"));
}

static void send_body(struct http_request *req, int status, const char *content_type,
    const void *body, size_t body_bytes)
{
    response_head(req, status, content_type, (int64_t)body_bytes);
    if (!req->head_only && body_bytes > 0 &&
        evbuffer_add(socket_output(&req->conn->socket), body, body_bytes) < 0)
        req->conn->socket.broken = true;
    response_end(req);
}

void http_respond(struct http_request *req, int status, const char *content_type, const void *body,
    size_t body_bytes)
{
    void *packed = NULL;
    size_t packed_bytes = 0;
    if (!response_begin(req))
        return;
    if (wants_gzip(req, content_type, body_bytes) &&
        http_gzip(body, body_bytes, HTTP_GZIP_USUAL, &packed, &packed_bytes) == 0)
        http_response_header(req, "Content-Encoding", "gzip");
    if (has_header(req, "Content-Encoding"))
        weaken_etag(req);
    enum http_condition condition = status == 200 ? check_condition(req) : HTTP_CONDITION_HOLDS;
    if (condition == HTTP_NOT_MODIFIED) {
        response_head(req, 304, NULL, -1);
        response_end(req);
    } else if (condition == HTTP_CONDITION_FAILED) {
        respond_precondition_failed(req);
    } else if (packed) {
        send_body(req, status, content_type, packed, packed_bytes);
    } else {
        send_body(req, status, content_type, body, body_bytes);
    }
    free(packed);
}

void http_respond_empty(struct http_request *req, int status)
{
    if (!response_begin(req))
        return;
    response_head(req, status, NULL, status == 204 || status == 304 ? -1 : 0);
    response_end(req);
}

void http_respond_error(
    struct http_request *req, int status, const char *code, const char *zh, const char *en)
{
    json_t *json = json_pack("{s:{s:s,s:s,s:s}}", "error", "code", code, "zh", zh, "en", en);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (text)
        http_respond(req, status, "application/json", text, strlen(text));
    else
        respond_status(req, status);
    free(text);
}

void respond_status(struct http_request *req, int status)
{
    const struct http_status_text *text = http_status_error(status);
    http_respond_error(req, status, text->code, text->zh, text->en);
}

void respond_precondition_failed(struct http_request *req)
{
    free(req->etag);
    req->etag = NULL;
    buf_free(&req->headers);
    http_response_header(req, "Cache-Control", "no-store");
    respond_status(req, 412);
}
