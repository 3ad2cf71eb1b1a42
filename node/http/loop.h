/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread with its event base, its listeners and its connections. Called by the server, on no
 * loop's thread. */
#ifndef NODE_HTTP_LOOP_H
#define NODE_HTTP_LOOP_H

#include "node/http/server_state.h"

/* Prepares a loop. Takes the listening descriptors over, on failure too; tls_fd -1: none. Returns 0
 * or a negative errno; loop_close() is due either way. */
int loop_open(struct http_loop *loop, struct http_server *server, int listen_fd, int tls_fd);

/* Starts the loop's thread. Returns 0 or a negative errno. */
int loop_start(struct http_loop *loop);

/* Joins the thread and frees what the loop holds. Harmless on an all-zero struct. */
void loop_close(struct http_loop *loop);

#endif
