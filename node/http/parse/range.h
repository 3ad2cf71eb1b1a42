/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges (RFC 9110 section 14), and how several of them are sent. Pure. */
#ifndef NODE_HTTP_PARSE_RANGE_H
#define NODE_HTTP_PARSE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_range_kind {
    HTTP_RANGE_WHOLE,         /* none, a malformed one, or more than anyone needs: 200 */
    HTTP_RANGE_PARTS,         /* 206 */
    HTTP_RANGE_UNSATISFIABLE, /* 416 */
};

struct http_range {
    int64_t first_bytes, length_bytes;
};

enum { HTTP_MAX_RANGES = 16 };

/* What is to be sent, in this order; never empty. */
struct http_ranges {
    struct http_range items[HTTP_MAX_RANGES];
    size_t count;
};

/*
 * Reads a Range header's value (NULL: none) for a representation of total_bytes. Ranges that
 * overlap, or lie closer to one another than a part's head is long, become one (section 15.3.7.2);
 * those that lie outside are left out. So no request gets more than the representation and
 * HTTP_MAX_RANGES heads. Unless there are parts, *ranges is the whole.
 */
enum http_range_kind http_range_parse(
    const char *value, int64_t total_bytes, struct http_ranges *ranges);

/* ---- multipart/byteranges (section 14.6) ---- */

enum { HTTP_BOUNDARY_BYTES = 24, HTTP_PART_HEAD_BYTES = 320 };

/* What goes before a part. Returns its length, less than HTTP_PART_HEAD_BYTES; a content_type that
 * is too long for it is cut. */
size_t http_part_head(char out[HTTP_PART_HEAD_BYTES], const char *boundary,
    const char *content_type, const struct http_range *part, int64_t total_bytes);
/* What goes behind the last one. */
size_t http_parts_end(char out[HTTP_PART_HEAD_BYTES], const char *boundary);
/* The body's length in all. */
int64_t http_parts_bytes(const struct http_ranges *ranges, const char *boundary,
    const char *content_type, int64_t total_bytes);

#endif
