/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection, from one request to the next. Call these on the loop's thread only. */
#ifndef NODE_HTTP_CONN_H
#define NODE_HTTP_CONN_H

#include <sys/socket.h>

#include "node/http/exchange.h"

/* Serves an accepted socket. Takes the descriptor over. */
void conn_accept(struct http_loop *loop, int fd, const struct sockaddr *address, bool secure);

/* Takes steps until the connection waits for something. May free conn. */
void conn_run(struct http_conn *conn);

/* Answers with an error instead of calling a handler: the head is not valid, it came too late, or
 * memory ran out. The connection ends after the answer. Returns false if there is no memory for the
 * answer. */
bool conn_refuse(struct http_conn *conn, int status);

/* Closes the connection at once and frees it. */
void conn_destroy(struct http_conn *conn);

#endif
