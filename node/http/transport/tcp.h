/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP options of one connection, and what TCP knows of its path. Call these on the loop's thread
 * only. */
#ifndef NODE_HTTP_TRANSPORT_TCP_H
#define NODE_HTTP_TRANSPORT_TCP_H

#include <linux/tcp.h>
#include <stdint.h>

#include "node/http/transport/socket.h"

/* TCP_INFO. All figures are zero where the kernel gives none. */
struct tcp_info tcp_get_info(const struct http_socket *socket);

/* From now on the kernel queues little ahead of what it can send. For links that are slow, or that
 * the link scheduler makes slow. */
void tcp_expect_slow(struct http_socket *socket);

/*
 * Sets TCP up for a far link if info shows one: a long round trip, or a long queue on the way. Such
 * a connection gets the named congestion control (NULL or "system": the system's) and a short send
 * queue. Both stay for the connection's life.
 */
void tcp_adapt_to_link(
    struct http_socket *socket, const struct tcp_info *info, const char *congestion);

/* Makes the kernel send no faster than rate_bps; 0: as fast as it can. */
void tcp_set_pacing(struct http_socket *socket, int64_t rate_bps);

#endif
