/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/transport/tcp.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

enum {
    /* A shorter round trip does not leave the building. */
    NEAR_US = 1000,
    /* Even if the shortest round trip is near, a smoothed round trip of this length shows a
     * queue. */
    QUEUED_US = 200000,
    /* Unsent bytes in the kernel for a slow peer. Few of them keep the choice of what is sent next
     * late, keep a seek from waiting behind a long queue, and keep thousands of slow peers from
     * filling the kernel's memory. */
    SLOW_NOTSENT_BYTES = 32 * 1024,
    /* The longest pause between two tries. A try costs one packet. */
    RETRY_MS = 2000,
    /* TCP_RTO_MAX_MS, which the headers of older systems do not have. */
    OPTION_RTO_MAX_MS = 44,
    /* How far TCP_USER_TIMEOUT is kept ahead of an outage. It must be longer than the loop may be
     * busy, because the kernel ends the connection when it is over. */
    AHEAD_MS = 4000,
};

struct tcp_info tcp_get_info(const struct http_socket *socket)
{
    struct tcp_info info = {0};
    socklen_t bytes = sizeof(info);
    if (socket->bev)
        (void)getsockopt(bufferevent_getfd(socket->bev), IPPROTO_TCP, TCP_INFO, &info, &bytes);
    return info;
}

void tcp_expect_slow(struct http_socket *socket)
{
    const int bytes = SLOW_NOTSENT_BYTES;
    if (socket->expects_slow)
        return;
    socket->expects_slow = true;
    (void)setsockopt(
        bufferevent_getfd(socket->bev), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
}

/*
 * Near links keep the usual congestion control: BBR's pacing takes twice the processor time, and a
 * link within the building gains nothing by it, since even with 1 % loss it carries over 100 Mbit/s
 * (Mathis et al. 1997). Retransmits are no sign of a far link: a peer that is busy for a moment
 * makes the kernel probe it. The round trip of the handshake does not count: the kernel keeps a
 * connection until its first byte (TCP_DEFER_ACCEPT), and measures that wait too.
 */
void tcp_adapt_to_link(
    struct http_socket *socket, const struct tcp_info *info, const char *congestion)
{
    bool is_near = info->tcpi_min_rtt < NEAR_US && info->tcpi_rtt < QUEUED_US;
    if (socket->far_link || is_near || info->tcpi_bytes_acked == 0)
        return;
    socket->far_link = true;
    tcp_expect_slow(socket);
    if (!congestion || strcmp(congestion, "system") == 0)
        return;
    /* A kernel without this algorithm keeps the one that was set. */
    (void)setsockopt(bufferevent_getfd(socket->bev), IPPROTO_TCP, TCP_CONGESTION, congestion,
        (socklen_t)strlen(congestion));
}

void tcp_set_pacing(struct http_socket *socket, int64_t rate_bps)
{
    /* All ones mean no limit. */
    uint64_t bytes_per_s = rate_bps > 0 ? (uint64_t)rate_bps / 8 : UINT64_MAX;

    (void)setsockopt(bufferevent_getfd(socket->bev), SOL_SOCKET, SO_MAX_PACING_RATE, &bytes_per_s,
        sizeof(bytes_per_s));
}

bool tcp_bound_retries(int fd)
{
    const int value = RETRY_MS;
    return setsockopt(fd, IPPROTO_TCP, OPTION_RTO_MAX_MS, &value, sizeof(value)) == 0;
}

void tcp_hasten(struct http_socket *socket, const struct tcp_info *info, int silence_ms)
{
    bool away = info->tcpi_unacked > 0 && info->tcpi_retransmits > 0;
    int timeout_ms = silence_ms;
    if (!away && !socket->hastened)
        return;
    if (away && info->tcpi_last_ack_recv + AHEAD_MS < (uint32_t)silence_ms)
        timeout_ms = (int)info->tcpi_last_ack_recv + AHEAD_MS;
    socket->hastened = away;
    (void)setsockopt(bufferevent_getfd(socket->bev), IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
        sizeof(timeout_ms));
}
