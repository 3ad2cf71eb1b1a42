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
    char *head; /* including the empty line */
    unsigned char *body;
    size_t body_bytes;
    size_t wire_bytes;
};
/* Reads one response. without_body is for answers to HEAD. The status is 0 if the connection ended
 * before a response. */
void client_read(int fd, struct response *response, bool without_body);
void response_free(struct response *response);
/* Returns a header's value in a static buffer, or "" if it is absent. */
const char *response_header(const struct response *response, const char *name);
/* Returns whether the peer has closed the connection and everything it sent was read. */
bool client_at_end(int fd);

#endif
