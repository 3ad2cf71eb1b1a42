/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the link scheduler for the pace of media responses, and makes the kernel keep to it. One
 * loop's thread. */
#ifndef NODE_HTTP_PACE_H
#define NODE_HTTP_PACE_H

#include "node/http/exchange.h"

enum { PACE_MS = 250 };

/* A request came. One for media gets its pace. */
void pace_begin(struct http_request *req);

/* To be called every PACE_MS. */
void pace_tick(struct http_conn *conn);

/* The connection ends. */
void pace_end(struct http_conn *conn);

#endif
