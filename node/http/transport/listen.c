/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/transport/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    /* The kernel hands a connection over when the first byte of a request has arrived, or after
     * about this time. So a crowd of silent peers takes no connection from those who ask. */
    DEFER_S = 3,
    /* Unsent bytes in the kernel for near peers: so many that the kernel takes a short segment at
     * once. tcp.c lowers this for slow peers. */
    NOTSENT_BYTES = 128 * 1024,
    /* Keepalive: how often an idle peer is asked whether it is there. watch.c uses the answers to
     * tell an outage from a slow peer. */
    PROBE_S = 20,
    PROBES = LISTEN_SILENCE_MS / 1000 / PROBE_S,
};

/* Splits "ADDR:PORT" or "[ADDR]:PORT" into host and port. */
static int split_address(const char *address, char *host, size_t host_bytes, const char **port)
{
    const char *colon = strrchr(address, ':');
    if (!colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return -EINVAL;
    *port = colon + 1;
    size_t bytes = (size_t)(colon - address);
    if (bytes >= 2 && address[0] == '[' && colon[-1] == ']') {
        address++;
        bytes -= 2;
    }
    if (bytes == 0 || bytes >= host_bytes)
        return -EINVAL;
    memcpy(host, address, bytes);
    host[bytes] = '\0';
    return 0;
}

static int resolve(const char *address, struct sockaddr_storage *out, socklen_t *out_bytes)
{
    const struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    const char *port;
    char host[256];
    int error = split_address(address, host, sizeof(host), &port);
    if (error < 0 || strtol(port, NULL, 10) > UINT16_MAX)
        return -EINVAL;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -EINVAL;
    memcpy(out, found->ai_addr, found->ai_addrlen);
    *out_bytes = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

/* Sets TCP options. Options that the kernel does not have are skipped. */
static void tune(int fd, const char *congestion)
{
    static const struct {
        int level, name, value;
    } options[] = {
        {IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_S},
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {IPPROTO_TCP, TCP_NOTSENT_LOWAT, NOTSENT_BYTES},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, LISTEN_SILENCE_MS},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, PROBE_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, PROBE_S},
        {IPPROTO_TCP, TCP_KEEPCNT, PROBES},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        (void)setsockopt(
            fd, options[i].level, options[i].name, &options[i].value, sizeof(options[i].value));
    if (congestion)
        (void)setsockopt(
            fd, IPPROTO_TCP, TCP_CONGESTION, congestion, (socklen_t)strlen(congestion));
}

static int set_option(int fd, int option)
{
    const int yes = 1;
    return setsockopt(fd, SOL_SOCKET, option, &yes, sizeof(yes)) < 0 ? -errno : 0;
}

/* Opens one socket. The first one is bound without SO_REUSEPORT, because that would let it share
 * the port with another node of the same user. It gets the option afterwards, so that the other
 * sockets of this node can join it. */
static int open_one(const struct sockaddr_storage *address, socklen_t bytes, bool first, int *out)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *out = fd;
    if (fd < 0)
        return -errno;
    int error = set_option(fd, SO_REUSEADDR);
    if (error == 0 && !first)
        error = set_option(fd, SO_REUSEPORT);
    if (error == 0 && bind(fd, (const struct sockaddr *)address, bytes) < 0)
        error = -errno;
    if (error == 0 && first)
        error = set_option(fd, SO_REUSEPORT);
    if (error == 0 && listen(fd, BACKLOG) < 0)
        error = -errno;
    return error;
}

static int port_of(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
}

static void explain(int error, const char *address, char *message, size_t message_bytes)
{
    switch (error) {
    case EADDRINUSE:
        snprintf(message, message_bytes, "%s is in use by another program", address);
        break;
    case EADDRNOTAVAIL:
        snprintf(message, message_bytes, "%s is no address of this machine", address);
        break;
    case EACCES:
        snprintf(message, message_bytes, "%s: ports below 1024 are for privileged users", address);
        break;
    case EINVAL:
        snprintf(message, message_bytes, "%s is no ADDRESS:PORT to listen on", address);
        break;
    default:
        snprintf(message, message_bytes, "can't listen on %s: %s", address, strerror(error));
    }
}

int listen_open(
    const struct listen_params *params, int *fds, int *port, char *message, size_t message_bytes)
{
    struct sockaddr_storage bound;
    socklen_t bytes;
    int error = resolve(params->address, &bound, &bytes);
    for (int i = 0; i < params->count; i++)
        fds[i] = -1;
    for (int i = 0; error == 0 && i < params->count; i++) {
        error = open_one(&bound, bytes, i == 0, &fds[i]);
        if (error == 0)
            tune(fds[i], params->congestion);
        /* If the port was 0, the kernel has chosen a free one. */
        if (error == 0 && i == 0 && getsockname(fds[0], (struct sockaddr *)&bound, &bytes) < 0)
            error = -errno;
    }
    if (error == 0) {
        *port = port_of(&bound);
        return 0;
    }
    for (int i = 0; i < params->count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    explain(-error, params->address, message, message_bytes);
    return error;
}
