/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chunked transfer coding (RFC 9112 section 7.1) by llhttp. Pure. */
#ifndef NODE_HTTP_PARSE_CHUNKED_H
#define NODE_HTTP_PARSE_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>

struct http_chunked;

/* NULL: out of memory. */
struct http_chunked *http_chunked_new(void);
void http_chunked_free(struct http_chunked *chunked); /* accepts NULL */

/*
 * Decodes data. Each piece of the body goes to on_piece, which points into data. *taken_bytes is
 * how much of data belonged to the body: less than data_bytes only at its end. 0: more is needed;
 * 1: the body is complete; -EBADMSG: not the chunked coding, a trailer (refused), or more chunk
 * extensions than anyone needs.
 */
int http_chunked_decode(struct http_chunked *chunked, const char *data, size_t data_bytes,
    size_t *taken_bytes, void (*on_piece)(void *ctx, const char *piece, size_t piece_bytes),
    void *ctx);

#endif
