/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes room on a full loop: ends the connections that are of least use, of the address that holds
 * most of them. Does the same if responses that nobody takes hold too much memory. Call this on the
 * loop's thread only, and from no connection's callback. */
#ifndef NODE_HTTP_CROWD_H
#define NODE_HTTP_CROWD_H

#include <stdbool.h>

#include "node/http/server_state.h"

/* Ends at least one connection, but not the newest. Returns false if all are in use by
 * addresses that hold no more than their share: then newcomers have to wait. */
bool crowd_make_room(struct http_loop *loop);

/* Ends connections until the responses that wait in memory take no more than they may: of the
 * address that holds most, and of these the least useful, and of these the one that holds most. */
void crowd_drop_output(struct http_loop *loop);

#endif
