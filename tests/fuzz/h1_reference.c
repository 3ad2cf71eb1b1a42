/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts the requests in all bytes that the peer sent. It uses the parsers alone, without a
 * server. */
#include "h1.h"
#include "node/http/parse/chunked.h"
#include "node/http/parse/head.h"

static void ignore(void *ctx, const char *piece, size_t piece_bytes)
{
    (void)ctx, (void)piece, (void)piece_bytes;
}

/* Returns the length of a chunked body on the wire. Returns -1 if it is not complete, or not
 * valid. */
static int64_t chunked_bytes(const char *at, size_t left)
{
    struct http_chunked *chunked = http_chunked_new();
    size_t taken = 0;
    int error = left ? http_chunked_decode(chunked, at, left, &taken, ignore, NULL) : 0;
    http_chunked_free(chunked);
    return error == 1 ? (int64_t)taken : -1;
}

/* Returns the length of a request on the wire. Returns -1 if it is not complete, or not valid. */
static int64_t request_bytes(const char *at, size_t left)
{
    struct http_head_scan scan = {0};
    struct http_head head;
    size_t most = left < HTTP_MAX_HEAD_BYTES + 1 ? left : HTTP_MAX_HEAD_BYTES + 1;
    int head_bytes = http_head_find_end(&scan, at, most);
    int64_t body_bytes;
    if (head_bytes <= 0 || http_head_parse(&head, &scan, at, (size_t)head_bytes) < 0)
        return -1;
    left -= (size_t)head_bytes;
    body_bytes = head.chunked ? chunked_bytes(at + head_bytes, left) : head.body_bytes;
    http_head_free(&head);
    return body_bytes < 0 || (size_t)body_bytes > left ? -1 : head_bytes + body_bytes;
}

size_t h1_count_requests(const char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t at = 0; at < length; count++) {
        int64_t taken = request_bytes(bytes + at, length - at);
        if (taken < 0)
            break;
        at += (size_t)taken;
    }
    return count;
}
