/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditions and ranges of a response that has bytes of known length. Call these on the loop's
 * thread only. */
#ifndef NODE_HTTP_REPRESENTATION_H
#define NODE_HTTP_REPRESENTATION_H

#include "node/http/exchange.h"
#include "node/http/parse/condition.h"
#include "node/http/parse/range.h"

/* What can be sent, wherever its bytes come from. */
struct representation {
    int64_t length_bytes;
    const char *content_type;
    const char *cache_control; /* NULL: none */
    struct http_validators validators;
};

/* Which of its bytes follow the head, and in what form. */
struct body_parts {
    struct http_ranges ranges;          /* several: multipart/byteranges, with the two below */
    char boundary[HTTP_BOUNDARY_BYTES]; /* between the parts */
    char content_type[128];             /* of each part */
    int64_t total_bytes;                /* of the representation */
};

/* Checks conditions and ranges and writes the head; to be called after response_begin(). Returns
 * true if the body's parts must follow, false if the response is complete. */
bool representation_begin(
    struct http_request *req, const struct representation *what, struct body_parts *parts);

#endif
