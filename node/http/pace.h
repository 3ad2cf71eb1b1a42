/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the link scheduler for the pace of media responses, and makes the kernel keep to it. Call
 * these on the loop's thread only. */
#ifndef NODE_HTTP_PACE_H
#define NODE_HTTP_PACE_H

#include "node/http/exchange.h"

enum { PACE_MS = 250 };

/* To be called when a request came. If it is for media, asks for the pace of its response, unless
 * http_pace_fn says that it does not ask again. */
void pace_begin(struct http_request *req);

/* To be called every PACE_MS. */
void pace_tick(struct http_conn *conn);

/* To be called when the connection ends, so that the scheduler forgets it. */
void pace_end(struct http_conn *conn);

#endif
