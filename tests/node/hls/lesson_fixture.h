/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For tests: a data folder with a catalog, lessons made piece by piece through the catalog's own
 * calls, with chunk files of known bytes; and a server on loopback with curl as its client. Every
 * function fails the test when something goes wrong.
 */
#ifndef TESTS_NODE_HLS_LESSON_FIXTURE_H
#define TESTS_NODE_HLS_LESSON_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "node/http/http.h"
#include "node/store/store.h"

/* Each lesson has the video rendition "v400" and the audio rendition "a32", and if that is wanted
 * the optional one "av400"; two chunks of two segments each. */
enum {
    FIXTURE_CHUNKS = 2,
    FIXTURE_SEGMENTS = 4,
    FIXTURE_FIRST_BYTES = 60000, /* of a chunk's first segment, 6 s */
    FIXTURE_SECOND_BYTES = 40000,
    FIXTURE_IFRAME_BYTES = 9000,
    FIXTURE_INIT_BYTES = 700,
    FIXTURE_POSTER_BYTES = 3000,
};

struct lesson_fixture {
    char folder[64];
    struct store *store;
    struct catalog *catalog;
    struct http_server *server;
    bool optional; /* lessons that are probed from now on have "av400" */
};

void lesson_fixture_open(struct lesson_fixture *fixture);
void lesson_fixture_close(struct lesson_fixture *fixture);

/* A lesson that was probed and planned; nothing of it is made, but all of those before it. Returns
 * its number, from 1 on. */
int64_t lesson_fixture_create(struct lesson_fixture *fixture, bool published);
/* Makes what the next job is to make: sound, poster, then each video chunk, optional ones last.
 * False: nothing was left to do. */
bool lesson_fixture_work(struct lesson_fixture *fixture);
/* The same until nothing is left. */
void lesson_fixture_finish(struct lesson_fixture *fixture);
/* Byte number `at` of a file below the revision's folder: what lesson_fixture_work() writes. */
unsigned char lesson_fixture_byte(const char *relative, size_t at);

/* The server, each thread of its pool with a catalog of its own. Requests with the header
 * X-Test-User are by a known user. observe may be NULL. */
void lesson_fixture_serve(struct lesson_fixture *fixture, const struct http_route_set *sets,
    size_t set_count, http_observe_fn observe, void *observe_ctx);

struct reply {
    int status;
    long header_bytes, body_bytes; /* as curl counts them */
    int curl_exit;
    char headers[4096];
    unsigned char *body; /* with a NUL behind it */
};
/* Runs curl with further options ("" none) and the path; ends with reply_free(). */
struct reply lesson_fixture_get(
    struct lesson_fixture *fixture, const char *options, const char *path);
void reply_free(struct reply *reply);
/* Fetches and looks at the status only. */
int lesson_fixture_status(struct lesson_fixture *fixture, const char *options, const char *path);

#endif
