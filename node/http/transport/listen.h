/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening sockets: one for each loop, all on one address. */
#ifndef NODE_HTTP_TRANSPORT_LISTEN_H
#define NODE_HTTP_TRANSPORT_LISTEN_H

#include <stddef.h>

struct listen_params {
    const char *address;    /* "ADDR:PORT" */
    const char *congestion; /* TCP's congestion control; NULL: the system's */
    int count;              /* of sockets */
};

/* How long a peer may be silent. A village's link may be down for minutes, and a transfer should
 * continue after that. */
enum { LISTEN_SILENCE_MS = 6 * 60 * 1000 };

/*
 * Binds the sockets and sets them up for bad links; accepted connections inherit that. fds gets
 * params->count descriptors, which are the caller's, and *port the port in use. Returns 0 or a
 * negative errno, with one line for people in message. Any thread.
 */
int listen_open(
    const struct listen_params *params, int *fds, int *port, char *message, size_t message_bytes);

#endif
