/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What fuzz_h1.c is made of: a connection of the real server whose loop turns, whose deferred work
 * runs and whose time passes when the target says so; and a reader that judges what comes back. One
 * thread. Whatever should not be ends the process (h1_require).
 */
#ifndef TESTS_FUZZ_H1_H
#define TESTS_FUZZ_H1_H

#include "node/http/http.h"

enum { H1_FILE_BYTES = 50000, H1_MAX_COLLECTED_BYTES = 1000 };

void h1_require(bool holds, const char *what);
/* The file's byte at an offset. None is 'H', which answers begin with. */
char h1_file_byte(size_t at);

/* ---- h1_routes.c ---- */

extern const struct http_route_set h1_routes;
/* What handlers hold of requests that have not ended. */
int h1_held(void);

/* ---- h1_server.c ---- */

/* Opens a server of one loop and a connection to it: the peer's end, which doesn't block. */
int h1_open(void);
/* The loop does once what is ready. */
void h1_turn(void);
/* The oldest piece of deferred work runs; false: there is none. */
bool h1_work(void);
/* Ten minutes pass. */
void h1_wait(void);
/* The server begins to stop. */
void h1_drain(void);
bool h1_connected(void);
/* What was reported as sent. */
uint64_t h1_sent_bytes(void);
/* The connection must have ended. Sees to it that nothing is left of it. */
void h1_close(void);

/* ---- h1_reference.c ---- */

/* How many whole requests stand at the beginning, one behind the other. */
size_t h1_count_requests(const char *bytes, size_t length);

/* ---- h1_answers.c ---- */

/* Bounds on what can have been asked, whoever reads the requests. */
struct h1_asked {
    size_t heads;     /* ends of heads */
    size_t methods;   /* "HEAD " */
    size_t continues; /* "100-continue", in any letters */
    size_t whole;     /* requests that the parsers understand, one behind the other */
};
struct h1_answers {
    size_t count;
    uint32_t hash; /* of status codes and the bodies' lengths */
};
/* complete: the peer has listened to the end, so that no answer may be cut off. */
void h1_check_answers(const char *bytes, size_t length, const struct h1_asked *asked, bool complete,
    struct h1_answers *answers);

#endif
