/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports how much media time of a lesson the kernel has taken, from the bytes of the response. Call
 * these on the loop's thread only. */
#ifndef NODE_HTTP_DELIVERY_H
#define NODE_HTTP_DELIVERY_H

#include "node/http/exchange.h"

/* To be called when the head of a response is in the output and a body of these ranges follows.
 * total_bytes: of the representation. Does nothing for a response without media time. */
void delivery_begin(
    struct http_request *req, const struct http_ranges *ranges, int64_t total_bytes);

/* Reports what was sent since the last call; also if conn has no request. */
void delivery_report(struct http_conn *conn);

#endif
