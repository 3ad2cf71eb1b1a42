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

/* The kernel's pause between two tries to reach a peer whose link is down doubles each time, up to two
 * minutes. So after a long outage nothing would flow for a long time although the link is back.
 * Linux 6.15 and later can bound that pause for a socket and all sockets that it accepts.
 * tcp_bound_retries() does so, and returns whether the kernel can. For other kernels there is
 * tcp_hasten(). */
bool tcp_bound_retries(int fd);

/* Brings the next try forward, on a kernel that can't bound the pause. To be called about once a
 * second while data is unacknowledged, and once after that; silence_ms: how long a peer may be
 * silent in all. A timer never ends later than TCP_USER_TIMEOUT, so that option is kept a little
 * ahead of the time that the outage has lasted. */
void tcp_hasten(struct http_socket *socket, const struct tcp_info *info, int silence_ms);

/* Makes the kernel send no faster than rate_bps; 0: as fast as it can. */
void tcp_set_pacing(struct http_socket *socket, int64_t rate_bps);

#endif
