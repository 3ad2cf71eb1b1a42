/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/answer/answer.h"
#include "node/http/gzip.h"
#include "transcoder/text/hash.h"

struct answer_body {
    atomic_int holds;
    char *text;
    void *packed; /* text as gzip; NULL: it is too short to gain by that, or memory ran out */
    size_t text_bytes, packed_bytes;
    char strong_tag[24], weak_tag[24]; /* of the text, and of what is packed */
};

static void write_tags(struct answer_body *body)
{
    uint64_t hash = hash_bytes(HASH_START, body->text, body->text_bytes);
    snprintf(body->strong_tag, sizeof(body->strong_tag), "\"%016" PRIx64 "\"", hash);
    snprintf(body->weak_tag, sizeof(body->weak_tag), "W/\"%016" PRIx64 "\"", hash);
}

struct answer_body *answer_write(json_t *json)
{
    struct answer_body *body = calloc(1, sizeof(*body));
    if (body)
        body->text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(json);
    if (!body || !body->text) {
        free(body);
        return NULL;
    }
    atomic_init(&body->holds, 1);
    body->text_bytes = strlen(body->text);
    write_tags(body);
    if (body->text_bytes >= HTTP_GZIP_PAYS_BYTES)
        (void)http_gzip(
            body->text, body->text_bytes, HTTP_GZIP_USUAL, &body->packed, &body->packed_bytes);
    return body;
}

struct answer_body *answer_hold(struct answer_body *body)
{
    atomic_fetch_add(&body->holds, 1);
    return body;
}

void answer_drop(struct answer_body *body)
{
    if (!body || atomic_fetch_sub(&body->holds, 1) > 1)
        return;
    free(body->text);
    free(body->packed);
    free(body);
}

size_t answer_bytes(const struct answer_body *body)
{
    return sizeof(*body) + body->text_bytes + body->packed_bytes;
}

static void release(void *body)
{
    answer_drop(body);
}

void answer_send(struct http_request *req, struct answer_body *body, bool tagged)
{
    if (!body) {
        answer_error(req, CATALOG_ENOMEM, NULL, 0);
        return;
    }
    /* What a change answers with is no representation that conditions could be about. */
    if (http_request_method(req) != HTTP_GET && http_request_method(req) != HTTP_HEAD) {
        http_respond(req, 200, "application/json", body->text, body->text_bytes);
        answer_drop(body);
        return;
    }
    bool packed = body->packed && http_accepts_gzip(http_request_header(req, "Accept-Encoding"));
    http_response_header(req, "Vary", "Accept-Encoding");
    if (packed)
        http_response_header(req, "Content-Encoding", "gzip");
    http_respond_shared(req, &(struct http_shared_body){.data = packed ? body->packed : body->text,
                                 .bytes = packed ? body->packed_bytes : body->text_bytes,
                                 .content_type = "application/json",
                                 .etag = !tagged  ? NULL
                                         : packed ? body->weak_tag
                                                  : body->strong_tag,
                                 .release = release,
                                 .ctx = body});
}
