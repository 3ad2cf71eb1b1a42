/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parses the header fields of a request with llhttp. Pure. llhttp.h uses the same names for methods
 * as our headers, so only this module and chunked.c include it. */
#ifndef NODE_HTTP_PARSE_FIELDS_H
#define NODE_HTTP_PARSE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_MAX_FIELDS = 100 };

/* Offsets into the text of the head, and lengths. */
struct http_field {
    uint16_t name, name_bytes;
    uint16_t value, value_bytes; /* without the white space around it */
};

struct http_fields {
    struct http_field items[HTTP_MAX_FIELDS];
    size_t count;
    bool forwarded;  /* there is a field that proxies add */
    bool keep_alive; /* from the HTTP version and the Connection header (RFC 9112 section 9.3) */
};

/* Parses a whole head, from the request line to the empty line. Returns 0; -EBADMSG if it is not a
 * valid HTTP/1 head; -E2BIG if it has too many fields or more than 65,535 bytes. */
int http_fields_parse(struct http_fields *fields, const char *head, size_t head_bytes);

#endif
