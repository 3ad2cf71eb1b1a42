/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the monitor is told about a connection. Call these on the loop's thread only. */
#ifndef NODE_HTTP_SAMPLE_H
#define NODE_HTTP_SAMPLE_H

#include "node/http/exchange.h"

/* Whether bytes were sent or requests were finished since the last sample. */
bool conn_has_news(const struct http_conn *conn);

/* If there is an observer, calls it with what is new, and adapts TCP to the link that the figures
 * show. closed: this is the connection's last sample, and TCP stays as it is. */
void conn_sample(struct http_conn *conn, bool closed);

#endif
