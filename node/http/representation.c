/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/representation.h"

#include <event2/util.h>
#include <inttypes.h>
#include <stdio.h>

#include "node/http/delivery.h"
#include "node/http/parse/date.h"
#include "node/http/response.h"
#include "node/util/clock.h"

static void make_boundary(char out[HTTP_BOUNDARY_BYTES])
{
    uint64_t number;
    /* Random, so that it is most unlikely to occur in the body. */
    evutil_secure_rng_get_bytes(&number, sizeof(number));
    snprintf(out, HTTP_BOUNDARY_BYTES, "part-%016" PRIx64, number);
}

/* Parses the ranges. They count only for GET (RFC 9110 section 14.2), and only if If-Range
 * holds. */
static enum http_range_kind wanted_ranges(struct http_request *req,
    const struct representation *what, int64_t now_s, struct http_ranges *ranges)
{
    const char *range = http_request_header(req, "Range");
    if (req->head.method != HTTP_GET || !http_if_range_holds(&req->head, &what->validators, now_s))
        range = NULL;
    return http_range_parse(range, what->length_bytes, ranges);
}

static void add_validators(struct http_request *req, const struct representation *what)
{
    char date[HTTP_DATE_BYTES];
    http_response_header(req, "Accept-Ranges", "bytes");
    if (what->validators.etag)
        http_response_etag(req, what->validators.etag);
    if (what->validators.modified_s > 0) {
        http_date_format(date, what->validators.modified_s);
        http_response_header(req, "Last-Modified", date);
    }
    if (what->cache_control)
        http_response_header(req, "Cache-Control", what->cache_control);
}

static bool begin_body(struct http_request *req, const struct representation *what, int status,
    const char *content_type, int64_t length_bytes)
{
    add_validators(req, what);
    response_head(req, status, content_type, length_bytes);
    if (!req->head_only && length_bytes > 0 && !req->conn->socket.broken)
        return true;
    response_end(req);
    return false;
}

static bool begin_range(
    struct http_request *req, const struct representation *what, const struct http_range *part)
{
    http_response_headerf(req, "Content-Range", "bytes %" PRId64 "-%" PRId64 "/%" PRId64,
        part->first_bytes, part->first_bytes + part->length_bytes - 1, what->length_bytes);
    return begin_body(req, what, 206, what->content_type, part->length_bytes);
}

static bool begin_ranges(
    struct http_request *req, const struct representation *what, struct body_parts *parts)
{
    char content_type[64];
    make_boundary(parts->boundary);
    snprintf(parts->content_type, sizeof(parts->content_type), "%s", what->content_type);
    snprintf(
        content_type, sizeof(content_type), "multipart/byteranges; boundary=%s", parts->boundary);
    return begin_body(req, what, 206, content_type,
        http_parts_bytes(&parts->ranges, parts->boundary, parts->content_type, what->length_bytes));
}

static bool refuse_range(struct http_request *req, const struct representation *what)
{
    http_response_headerf(req, "Content-Range", "bytes */%" PRId64, what->length_bytes);
    http_response_header(req, "Cache-Control", "no-store");
    respond_status(req, 416);
    return false;
}

/* Writes the head of a response with the wanted ranges. Returns whether a body must follow. */
static bool begin_wanted(struct http_request *req, const struct representation *what, int64_t now_s,
    struct body_parts *parts)
{
    switch (wanted_ranges(req, what, now_s, &parts->ranges)) {
    case HTTP_RANGE_UNSATISFIABLE:
        return refuse_range(req, what);
    case HTTP_RANGE_PARTS:
        return parts->ranges.count == 1 ? begin_range(req, what, &parts->ranges.items[0])
                                        : begin_ranges(req, what, parts);
    case HTTP_RANGE_WHOLE:
        return begin_body(req, what, 200, what->content_type, what->length_bytes);
    }
    return false;
}

bool representation_begin(
    struct http_request *req, const struct representation *what, struct body_parts *parts)
{
    int64_t now_s = clock_wall_ms() / 1000;
    enum http_condition condition = http_condition_check(&req->head, &what->validators, now_s);
    if (condition == HTTP_CONDITION_FAILED) {
        respond_precondition_failed(req);
        return false;
    }
    if (condition == HTTP_NOT_MODIFIED) {
        add_validators(req, what);
        http_respond_empty(req, 304);
        return false;
    }
    parts->total_bytes = what->length_bytes;
    if (!begin_wanted(req, what, now_s, parts))
        return false;
    delivery_begin(req, &parts->ranges, what->length_bytes);
    return true;
}
