/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gzip as content coding (RFC 9110 section 12.5.3). Pure. */
#ifndef NODE_HTTP_GZIP_H
#define NODE_HTTP_GZIP_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a client accepts gzip. accept_encoding: the header's value; NULL: no such header. */
bool http_accepts_gzip(const char *accept_encoding);
/* Whether a body of this type is text that compresses well. */
bool http_type_compressible(const char *content_type);
/* A shorter body gains nothing. */
enum { HTTP_GZIP_PAYS_BYTES = 400 };
enum http_gzip_effort {
    HTTP_GZIP_USUAL, /* for a body that is sent once */
    HTTP_GZIP_BEST,  /* for a body that is kept and sent often */
};
/* Compresses data into *out, which the caller frees. Returns 0; or -ENOMEM, also for data of 2 GiB
 * or more. */
int http_gzip(const void *data, size_t data_bytes, enum http_gzip_effort effort, void **out,
    size_t *out_bytes);

#endif
