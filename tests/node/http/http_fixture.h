/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real server in this process with routes for tests. */
#ifndef TESTS_NODE_HTTP_HTTP_FIXTURE_H
#define TESTS_NODE_HTTP_HTTP_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>

#include "node/http/http.h"
#include "tests/node/http/http_client.h"

enum { FILE_BYTES = 1000000, MEDIA_BYTES = 400000 };

/* A door that work in the pool waits at until the test opens it. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int waiting, passes;
};
void gate_wait(struct gate *gate);
void gate_open(struct gate *gate, int passes);
/* Until so many wait at it. */
void gate_await(struct gate *gate, int waiting);

struct fixture {
    struct http_server *server;
    struct http_route_set routes;
    int port;
    char file[64]; /* FILE_BYTES long; see file_byte() */
    struct gate gate;
    pthread_mutex_t lock; /* for what follows */
    uint64_t sent_bytes, requests, closed;
    char user_agent[128], path[256];
    atomic_int streams_ended, streams_cut, stream_closes, done_calls, ticks, logged;
    atomic_int pieces_opened, pieces_released;
    atomic_int max_descriptors; /* of the process, when a piece was opened */
    atomic_llong streamed_bytes;
};

unsigned char file_byte(size_t at);
/* params gives what is not the fixture's own; NULL: defaults. The listening address is 127.0.0.1:0.
 */
void fixture_open(struct fixture *fixture, const struct http_server_params *params);
void fixture_close(struct fixture *fixture, int64_t grace_ms);
/* Waits until *counter is at least value. */
void await_count(atomic_int *counter, int value);
/* Waits until so many connections were reported closed. */
void await_closed(struct fixture *fixture, uint64_t closed);
/* Waits until so many requests were reported. */
void await_requests(struct fixture *fixture, uint64_t requests);

int client_connect(const struct fixture *fixture);
/* With a tiny receive buffer, so that only few bytes are sent before the client reads. */
int client_connect_narrow(const struct fixture *fixture);
/* One request on a connection of its own. */
void ask(const struct fixture *fixture, const char *text, struct response *response);
/* A shell command's standard output; the port stands in $PORT, the file in $FILE. */
char *shell(const struct fixture *fixture, const char *command);

#endif
