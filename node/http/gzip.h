/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Content coding (RFC 9110 section 12.5.3): whether to compress, and doing it. Pure. */
#ifndef NODE_HTTP_GZIP_H
#define NODE_HTTP_GZIP_H

#include <stdbool.h>
#include <stddef.h>

/* Whether Accept-Encoding's value (NULL: no such header) takes gzip. */
bool http_accepts_gzip(const char *accept_encoding);
/* Whether bodies of that type are text that shrinks. */
bool http_type_compressible(const char *content_type);
enum http_gzip_effort {
    HTTP_GZIP_USUAL, /* for what is sent once */
    HTTP_GZIP_BEST,  /* for what is kept */
};
/* Compresses into *out, which the caller frees. 0 or -ENOMEM. */
int http_gzip(const void *data, size_t data_bytes, enum http_gzip_effort effort, void **out,
    size_t *out_bytes);

#endif
