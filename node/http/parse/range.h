/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Byte ranges (RFC 9110 section 14), and the multipart body for several of them. Pure. */
#ifndef NODE_HTTP_PARSE_RANGE_H
#define NODE_HTTP_PARSE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_range_kind {
    HTTP_RANGE_WHOLE,         /* there is no range, a malformed one, or too many: answer with 200
                               * and everything */
    HTTP_RANGE_PARTS,         /* answer with 206 */
    HTTP_RANGE_UNSATISFIABLE, /* answer with 416 */
};

struct http_range {
    int64_t first_bytes, length_bytes;
};

enum { HTTP_MAX_RANGES = 16 };

/* The ranges to send, in this order. There is at least one. */
struct http_ranges {
    struct http_range items[HTTP_MAX_RANGES];
    size_t count;
};

/* Parses the value of a Range header (NULL: none) for a representation of total_bytes. Ranges that
 * overlap, or whose gap is shorter than about a part head, become one (section 15.3.7.2). Ranges
 * outside the representation are dropped. So no request gets more than the representation and
 * HTTP_MAX_RANGES part heads. Except for HTTP_RANGE_PARTS, *ranges becomes the whole
 * representation. */
enum http_range_kind http_range_parse(
    const char *value, int64_t total_bytes, struct http_ranges *ranges);

/* ---- multipart/byteranges (section 14.6) ---- */

enum { HTTP_BOUNDARY_BYTES = 24, HTTP_PART_HEAD_BYTES = 320 };

/* Writes the text before a part. Returns its length, which is less than HTTP_PART_HEAD_BYTES. A
 * content_type of more than 128 bytes is cut. */
size_t http_part_head(char out[HTTP_PART_HEAD_BYTES], const char *boundary,
    const char *content_type, const struct http_range *part, int64_t total_bytes);
/* Writes the text behind the last part. Returns its length. */
size_t http_parts_end(char out[HTTP_PART_HEAD_BYTES], const char *boundary);
/* Returns the length of the whole multipart body. */
int64_t http_parts_bytes(const struct http_ranges *ranges, const char *boundary,
    const char *content_type, int64_t total_bytes);

#endif
