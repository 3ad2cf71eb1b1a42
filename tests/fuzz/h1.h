/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parts of fuzz_h1.c. It has one connection of the real server. The target decides when the
 * loop runs, when deferred work runs and how much time passes. A reader checks the answers.
 * Everything runs on one thread. h1_require() ends the process if a condition does not hold.
 */
#ifndef TESTS_FUZZ_H1_H
#define TESTS_FUZZ_H1_H

#include "node/http/http.h"

enum { H1_FILE_BYTES = 50000, H1_MAX_COLLECTED_BYTES = 1000 };

/* Ends the process, because something that must hold does not. what: what must hold. */
_Noreturn void h1_fail(const char *what);
/* A macro, so that static analysis sees that nothing goes on after a failure. */
#define h1_require(holds, what) ((holds) ? (void)0 : h1_fail(what))
/* Returns the file's byte at an offset. No byte is 'H', because answers begin with it. */
char h1_file_byte(size_t at);

/* ---- h1_routes.c ---- */

extern const struct http_route_set h1_routes;
/* Returns how many things handlers still hold for requests that have not ended. */
int h1_held(void);

/* ---- h1_server.c ---- */

/* Opens a server with one loop and a connection to it. Returns the peer's end, which does not
 * block. */
int h1_open(void);
/* Runs the server's loop once, without waiting. */
void h1_turn(void);
/* Runs the oldest deferred work. Returns false if there is none. */
bool h1_work(void);
/* Moves the clock on by ten minutes. */
void h1_wait(void);
/* Tells the server to stop when its requests have ended. */
void h1_drain(void);
bool h1_connected(void);
/* Returns the number of bytes that the server has reported as sent. */
uint64_t h1_sent_bytes(void);
/* Checks that the connection has ended and that nothing of it is left. */
void h1_close(void);

/* ---- h1_reference.c ---- */

/* Returns how many complete requests stand at the beginning of the bytes, one directly after the
 * other. */
size_t h1_count_requests(const char *bytes, size_t length);

/* ---- h1_answers.c ---- */

/* Counts of what the input contains, as upper bounds for the answers. */
struct h1_asked {
    size_t heads;     /* empty lines that can end a head */
    size_t methods;   /* occurrences of "HEAD ", in upper or lower case */
    size_t continues; /* occurrences of "100-continue", in upper or lower case */
    size_t whole;     /* complete requests at the beginning that the parsers accept */
};
struct h1_answers {
    size_t count;
    uint32_t hash; /* hash of the status codes and the lengths of the bodies */
};
/* Checks the answers in the bytes. complete says that the peer has read until the end of the
 * connection, so that no answer may be cut off. */
void h1_check_answers(const char *bytes, size_t length, const struct h1_asked *asked, bool complete,
    struct h1_answers *answers);

#endif
