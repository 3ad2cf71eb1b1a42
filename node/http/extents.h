/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies made of extents: bytes in memory and parts of files, of which one or several ranges are
 * sent, with one file open at a time. Call these on the loop's thread only. */
#ifndef NODE_HTTP_EXTENTS_H
#define NODE_HTTP_EXTENTS_H

#include "node/http/representation.h"

struct evbuffer_file_segment;

/* Sends the parts, beginning with the first extent at once. Takes over what body->release()
 * frees. */
void extents_begin(
    struct http_request *req, const struct http_extents *body, const struct body_parts *parts);

/* Puts the next extent into the output; over TLS, as much of it as may be queued. The output must
 * be empty, or hold only the response head. Ends the response with the last extent. */
void extents_next(struct http_request *req);

/* Frees what is left. Harmless if there is nothing. */
void extents_release(struct http_request *req);

/* For TLS: reads part of a file, at most OUTPUT_QUEUE_BYTES, into the output. Encryption needs the
 * bytes in memory, and a mapping would raise a signal if the file is cut short. Returns 0 or a
 * negative errno. */
int extents_read_file(struct http_request *req, int fd, int64_t first_bytes, int64_t length_bytes);

/* Without TLS: puts part of a file behind what is in the output, in slices that sendfile(2) takes
 * in one turn each. The segment holds the file. Returns 0 or -1. */
int extents_add_slices(struct evbuffer *output, struct evbuffer_file_segment *segment,
    int64_t first_bytes, int64_t length_bytes);

#endif
