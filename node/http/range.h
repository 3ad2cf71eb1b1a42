/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges and conditions (RFC 9110 sections 13 and 14). Pure. */
#ifndef NODE_HTTP_RANGE_H
#define NODE_HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

enum http_range_kind {
    HTTP_RANGE_WHOLE, /* no range, a malformed one, or several: the whole representation, 200 */
    HTTP_RANGE_PART,  /* 206 */
    HTTP_RANGE_UNSATISFIABLE, /* 416 */
};

struct http_range {
    int64_t first_bytes, length_bytes; /* the part to send; the whole for HTTP_RANGE_WHOLE */
};

/* Reads a Range header's value (NULL: none) for a representation of total_bytes. */
enum http_range_kind http_range_parse(
    const char *value, int64_t total_bytes, struct http_range *range);

/* Whether If-None-Match's list, or "*", has an entity tag equal to etag by the weak comparison. */
bool http_etag_listed(const char *list, const char *etag);
/* Whether If-Range's value is etag by the strong comparison; dates never match. etag may be NULL.
 */
bool http_if_range_holds(const char *value, const char *etag);

#endif
