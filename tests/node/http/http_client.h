/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plain client on a blocking socket. It sends any bytes and reads whole responses. */
#ifndef TESTS_NODE_HTTP_HTTP_CLIENT_H
#define TESTS_NODE_HTTP_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

void client_send(int fd, const void *data, size_t bytes);
void client_say(int fd, const char *text);

struct response {
    int status;
    char *head; /* with the empty line */
    unsigned char *body;
    size_t body_bytes;
    size_t wire_bytes;
};
/* Reads one response; without_body: to HEAD. A status of 0: the connection ended before one. */
void client_read(int fd, struct response *response, bool without_body);
void response_free(struct response *response);
/* A header's value into a static buffer, "" if absent. */
const char *response_header(const struct response *response, const char *name);
/* Whether the peer has closed, once all that it sent was read. */
bool client_at_end(int fd);

#endif
