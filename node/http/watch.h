/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at a connection once a tick: takes samples, and cuts off slow and idle peers. Call this on
 * the loop's thread only. */
#ifndef NODE_HTTP_WATCH_H
#define NODE_HTTP_WATCH_H

#include "node/http/exchange.h"

/* May free conn. */
void conn_tick(struct http_conn *conn, int64_t now_ms);

#endif
