/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real server in this process with routes for tests. */
#ifndef TESTS_NODE_HTTP_HTTP_FIXTURE_H
#define TESTS_NODE_HTTP_HTTP_FIXTURE_H

#include <stdatomic.h>

#include "node/http/http.h"
#include "tests/node/http/gate.h"
#include "tests/node/http/http_client.h"

enum { FILE_BYTES = 1000000, MEDIA_BYTES = 400000, LARGE_BYTES = 2000000 };

struct fixture {
    struct http_server *server;
    struct http_route_set routes;
    int port;
    char file[64]; /* path of a file of FILE_BYTES; file_byte() tells its bytes */
    struct gate gate;
    pthread_mutex_t lock; /* protects the five members below that are not atomic */
    uint64_t sent_bytes, requests, closed;
    char user_agent[128], path[256];
    atomic_int streams_ended, streams_cut, stream_closes, done_calls, ticks, logged;
    atomic_int pieces_opened, pieces_released, slow_turns;
    atomic_int
        max_descriptors; /* the most that were open in the process when an extent was opened */
    atomic_llong streamed_bytes;
};

unsigned char file_byte(size_t at);
/* Starts a server on a free port of 127.0.0.1. params has other settings; NULL means defaults. */
void fixture_open(struct fixture *fixture, const struct http_server_params *params);
void fixture_close(struct fixture *fixture, int64_t grace_ms);
/* Waits until *counter is at least value. */
void await_count(atomic_int *counter, int value);
/* Waits until the server has reported this many closed connections. */
void await_closed(struct fixture *fixture, uint64_t closed);
/* Waits until the server has reported this many requests. */
void await_requests(struct fixture *fixture, uint64_t requests);

int client_connect(const struct fixture *fixture);
/* Connects from another address of the loopback network, such as "127.0.0.9". */
int client_connect_from(const struct fixture *fixture, const char *address);
/* Connects with a tiny receive buffer, so that only few bytes are sent before the client reads. */
int client_connect_narrow(const struct fixture *fixture);
/* Sends one request on a new connection. */
void ask(const struct fixture *fixture, const char *text, struct response *response);
/* Returns the standard output of a shell command; the caller frees it. $PORT is the server's port,
 * and $FILE is the path of its file. */
char *shell(const struct fixture *fixture, const char *command);

#endif
