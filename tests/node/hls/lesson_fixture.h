/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *
 * A data folder with a catalog, for tests. Lessons are made step by step by the catalog's own
 * functions, with chunk files of known bytes. A server on loopback can serve them to curl. Every
 * function fails the test when something goes wrong.
 *
 */
#ifndef TESTS_NODE_HLS_LESSON_FIXTURE_H
#define TESTS_NODE_HLS_LESSON_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "node/http/http.h"
#include "node/store/store.h"

/* Each lesson has the video rendition "v400", the audio rendition "a32" and, if wanted, the
 * optional rendition "av400". Each has two chunks of two segments. */
enum {
    FIXTURE_CHUNKS = 2,
    FIXTURE_SEGMENTS = 4,
    FIXTURE_FIRST_BYTES = 60000, /* of a chunk's first segment; each segment lasts 6 s */
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
    http_pace_fn pace;           /* for the server; may be NULL */
    http_delivered_fn delivered; /* likewise */
    void *pace_ctx;
    bool optional; /* if set, lessons that are probed from now on have "av400" */
};

void lesson_fixture_open(struct lesson_fixture *fixture);
void lesson_fixture_close(struct lesson_fixture *fixture);

/* Creates a lesson that is probed and planned. All lessons before it are finished first. Returns
 * its number, from 1 on. */
int64_t lesson_fixture_create(struct lesson_fixture *fixture, bool published);
/* Makes what the next job would make: audio, poster, then each video chunk, and optional renditions
 * last. Returns false if there was no job. */
bool lesson_fixture_work(struct lesson_fixture *fixture);
/* Does all jobs that are left. */
void lesson_fixture_finish(struct lesson_fixture *fixture);
/* Returns byte number `at` of a file that lesson_fixture_work() writes. `relative` is the path
 * below the revision's folder. */
unsigned char lesson_fixture_byte(const char *relative, size_t at);

/* Starts the server. A request with the header X-Test-User belongs to a user who is logged in. Each
 * thread of the server's pool has its own catalog. observe may be NULL. */
void lesson_fixture_serve(struct lesson_fixture *fixture, const struct http_route_set *sets,
    size_t set_count, http_observe_fn observe, void *observe_ctx);

struct reply {
    int status;
    long header_bytes, body_bytes; /* as counted by curl */
    int curl_exit;
    char headers[4096];
    unsigned char *body; /* followed by a NUL */
};
/* Fetches a path with curl and further curl options ("" for none). Free the reply with
 * reply_free(). */
struct reply lesson_fixture_get(
    struct lesson_fixture *fixture, const char *options, const char *path);
void reply_free(struct reply *reply);
/* Fetches a path and returns only the status. */
int lesson_fixture_status(struct lesson_fixture *fixture, const char *options, const char *path);

#endif
