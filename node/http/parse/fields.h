/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A request's header fields by llhttp. Pure. llhttp.h and http.h name their methods alike, so that
 * llhttp stays behind this header and chunked.h.
 */
#ifndef NODE_HTTP_PARSE_FIELDS_H
#define NODE_HTTP_PARSE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_MAX_FIELDS = 100 };

/* Offsets into the head's text. */
struct http_field {
    uint16_t name, name_bytes;
    uint16_t value, value_bytes; /* without white space around it */
};

struct http_fields {
    struct http_field items[HTTP_MAX_FIELDS];
    size_t count;
    bool keep_alive; /* by version and Connection (RFC 9112 section 9.3) */
};

/* Parses a whole head: request line to empty line, at most 65,535 bytes. 0; -EBADMSG: no valid
 * HTTP/1 head; -E2BIG: too many fields. */
int http_fields_parse(struct http_fields *fields, const char *head, size_t head_bytes);

#endif
