/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A request's head: where it ends, and what it says. Pure. */
#ifndef NODE_HTTP_PARSE_HEAD_H
#define NODE_HTTP_PARSE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/http/parse/method.h"

enum {
    HTTP_MAX_LINE_BYTES = 8192,  /* of the request line: 414 */
    HTTP_MAX_HEAD_BYTES = 24576, /* of the whole head: 431 */
};

/* Where the scanner is, between pieces of a head. All zero at the start of each. */
struct http_head_scan {
    size_t start_bytes;    /* empty lines before the request line (RFC 9112 section 2.2) */
    size_t scanned_bytes;  /* whole lines seen */
    size_t searched_bytes; /* of data, without a line's end in the rest */
    size_t line_bytes;     /* the request line's length; 0: not seen yet */
    unsigned fields;
};

/*
 * Looks for the end of the head in data, which holds all that came since the head began. Returns
 * the length of the head with its leading empty lines; 0: more is needed; or a negative HTTP
 * status: -400, -414, -431.
 */
int http_head_find_end(struct http_head_scan *scan, const char *data, size_t data_bytes);

struct http_field;

struct http_head {
    enum http_method method;
    int minor_version; /* HTTP/1.x */
    bool keep_alive, expect_continue, chunked;
    int64_t body_bytes; /* -1: chunked */
    const char *path;   /* see http_request_path() */
    const char *query;
    char *text; /* the head; names and values end in NUL */
    struct http_field *fields;
    size_t field_count;
    void *memory; /* holds all of the above */
};

/* Parses and checks a head whose end http_head_find_end() found. 0 or a negative HTTP status: -400,
 * -417, -431, -501, -505, -500 (no memory); then there is nothing to free. */
int http_head_parse(
    struct http_head *head, const struct http_head_scan *scan, const char *data, size_t head_bytes);
void http_head_free(struct http_head *head);

/* The value of the first field of that name at or after index *from (which becomes the next index),
 * or NULL. */
const char *http_head_field(const struct http_head *head, const char *name, size_t *from);

#endif
