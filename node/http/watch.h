/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at a connection once a tick: takes samples, and cuts off slow and idle peers. Call this on
 * the loop's thread only. */
#ifndef NODE_HTTP_WATCH_H
#define NODE_HTTP_WATCH_H

#include "node/http/exchange.h"

/* Looks at a connection. May free conn. */
void conn_tick(struct http_conn *conn, int64_t now_ms);

/* Whether nothing at all comes from the peer, so that its link is down: data is sent again and
 * again, or a keepalive or window probe is unanswered. A peer that merely reads slowly answers
 * both. */
bool conn_link_is_down(const struct http_conn *conn);

/* When the peer was last seen to acknowledge anything, or when the phase of the connection began,
 * if that is later. Monotonic. The peer is looked at now; the time is as exact as these looks are
 * frequent, which is once a tick on a loop that is nearly full. */
int64_t conn_taken_ms(struct http_conn *conn, int64_t now_ms);

#endif
