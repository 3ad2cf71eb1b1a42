/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The head of a request: finding its end, and parsing it. Pure. */
#ifndef NODE_HTTP_PARSE_HEAD_H
#define NODE_HTTP_PARSE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/http/parse/method.h"

enum {
    HTTP_MAX_LINE_BYTES = 8192,  /* of the request line; longer: 414 */
    HTTP_MAX_HEAD_BYTES = 24576, /* of the whole head; longer: 431 */
};

/* The state of the scanner between two blocks of a head. All zero at the start of a head. */
struct http_head_scan {
    size_t start_bytes;    /* length of the empty lines before the request line (RFC 9112 section
                            * 2.2) */
    size_t scanned_bytes;  /* length of the complete lines so far */
    size_t searched_bytes; /* length of the data that was searched for a line end */
    size_t line_bytes;     /* length of the request line; 0: it is not complete yet */
    unsigned fields;
};

/* Looks for the end of the head. data must hold all bytes since the head began. Returns the length
 * of the head, with the empty lines before it; 0 if more data is needed; or a negative HTTP status:
 * -400, -414, -431. */
int http_head_find_end(struct http_head_scan *scan, const char *data, size_t data_bytes);

struct http_field;

struct http_head {
    enum http_method method;
    int minor_version; /* the x of HTTP/1.x */
    bool keep_alive, expect_continue, chunked;
    bool forwarded;     /* it has a field that proxies add; then it does not come from this machine,
                         * whatever its socket says */
    int64_t body_bytes; /* -1: chunked */
    const char *path;   /* decoded; see http_request_path() */
    const char *query;
    char *text; /* the head; every name and value ends with NUL */
    struct http_field *fields;
    size_t field_count;
    void *memory; /* one block that holds everything above */
};

/* Parses and checks a head after http_head_find_end() found its end. Returns 0, and
 * http_head_free() is due; or a negative HTTP status (-400, -417, -431, -501, -505, or -500 if
 * memory runs out), and there is nothing to free. */
int http_head_parse(
    struct http_head *head, const struct http_head_scan *scan, const char *data, size_t head_bytes);
void http_head_free(struct http_head *head);

/* Returns the value of the first field with that name at or after index *from, or NULL. Sets *from
 * to the index behind that field. */
const char *http_head_field(const struct http_head *head, const char *name, size_t *from);

#endif
