/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chunked transfer coding (RFC 9112 section 7.1) by llhttp. Pure. */
#ifndef NODE_HTTP_PARSE_CHUNKED_H
#define NODE_HTTP_PARSE_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>

struct http_chunked;

/* Makes a decoder for one body. Returns NULL if memory runs out. */
struct http_chunked *http_chunked_new(void);
void http_chunked_free(struct http_chunked *chunked); /* accepts NULL */

/* Decodes the next bytes of the body. on_block gets each block of decoded bytes, which points into
 * data. *taken_bytes: how many bytes of data belong to the body; fewer than data_bytes only at the
 * body's end. Returns 0 if more data is needed, 1 if the body is complete, or -EBADMSG if data is
 * not the chunked coding, has a trailer, or has more than 4 KiB of chunk extensions. */
int http_chunked_decode(struct http_chunked *chunked, const char *data, size_t data_bytes,
    size_t *taken_bytes, void (*on_block)(void *ctx, const char *block, size_t block_bytes),
    void *ctx);

#endif
