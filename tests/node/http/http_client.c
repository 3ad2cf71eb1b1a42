/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/node/http/http_client.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Sends all bytes, or stops without an error: a server that refuses a request may close the
 * connection while the client still sends. */
void client_send(int fd, const void *data, size_t bytes)
{
    const char *at = data;
    while (bytes > 0) {
        ssize_t sent = send(fd, at, bytes, MSG_NOSIGNAL);
        if (sent < 0)
            return;
        at += sent;
        bytes -= (size_t)sent;
    }
}

void client_say(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

static bool read_byte(int fd, char *byte)
{
    ssize_t got = recv(fd, byte, 1, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        fail_msg("no answer before the timeout of the socket");
    return got == 1;
}

/* Reads a line with its line end. Returns 0 at the end of the connection. */
static size_t read_line(int fd, char *line, size_t room)
{
    size_t used = 0;
    while (used + 1 < room && read_byte(fd, &line[used]))
        if (line[used++] == '\n')
            break;
    line[used] = '\0';
    return used;
}

static void read_block(int fd, struct response *response, size_t bytes)
{
    response->body = realloc(response->body, response->body_bytes + bytes + 1);
    while (bytes > 0) {
        ssize_t got = recv(fd, response->body + response->body_bytes, bytes, 0);
        if (got <= 0)
            break;
        response->body_bytes += (size_t)got;
        response->wire_bytes += (size_t)got;
        bytes -= (size_t)got;
    }
    response->body[response->body_bytes] = '\0';
}

static void read_chunks(int fd, struct response *response)
{
    char line[64];
    size_t bytes;
    do {
        response->wire_bytes += read_line(fd, line, sizeof(line));
        bytes = strtoul(line, NULL, 16);
        read_block(fd, response, bytes);
        response->wire_bytes += read_line(fd, line, sizeof(line));
    } while (bytes > 0 && line[0]);
}

const char *response_header(const struct response *response, const char *name)
{
    static char value[512];
    size_t name_bytes = strlen(name);
    value[0] = '\0';
    for (const char *line = response->head; *line; line = strchr(line, '\n') + 1)
        if (strncasecmp(line, name, name_bytes) == 0 && line[name_bytes] == ':')
            snprintf(value, sizeof(value), "%.*s", (int)strcspn(line + name_bytes + 2, "\r"),
                line + name_bytes + 2);
    return value;
}

void client_read(int fd, struct response *response, bool without_body)
{
    char line[1024];
    size_t bytes, used = 0;
    memset(response, 0, sizeof(*response));
    response->head = calloc(1, 16384);
    response->body = calloc(1, 1);
    do {
        bytes = read_line(fd, line, sizeof(line));
        memcpy(response->head + used, line, bytes + 1);
        used += bytes;
    } while (bytes > 2);
    response->wire_bytes = used;
    if (sscanf(response->head, "HTTP/1.1 %d", &response->status) != 1)
        return;
    if (without_body || response->status == 304 || response->status == 204 ||
        response->status == 100)
        return;
    if (response_header(response, "Content-Length")[0])
        read_block(fd, response, strtoul(response_header(response, "Content-Length"), NULL, 10));
    else
        read_chunks(fd, response);
}

void response_free(struct response *response)
{
    free(response->head);
    free(response->body);
    memset(response, 0, sizeof(*response));
}

bool client_at_end(int fd)
{
    char byte;
    return !read_byte(fd, &byte);
}
