/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers from the catalog: work that runs on a pool thread with its catalog, and its outcome as
 * JSON or as an error. Each enum catalog_error gets an HTTP status and a text here. A module may
 * replace both by its own.
 *
 * Everything here is called on the request's loop, unless it says otherwise.
 */
#ifndef NODE_ANSWER_ANSWER_H
#define NODE_ANSWER_ANSWER_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "catalog/catalog.h"
#include "node/http/http.h"

/* Matches every error that no earlier text names. */
#define ANSWER_ANY_ERROR INT_MIN

/* What a module says about an error instead of the usual text. */
struct answer_text {
    int error;  /* enum catalog_error, or ANSWER_ANY_ERROR */
    int status; /* 0: the error's usual status */
    const char *code, *zh, *en;
};

/* Answers with an error. own: the module's texts, looked at in order; NULL: none. */
void answer_error(
    struct http_request *req, int error, const struct answer_text *own, size_t own_count);

/* Answers with 200 and JSON, and takes json over. If json is NULL, memory ran out, and the answer
 * is an error. The caller adds Cache-Control before. */
void answer_json(struct http_request *req, json_t *json);

/*
 * An answer that is made on a pool thread: writing and compressing a large JSON takes so long that
 * a loop's other connections would wait. Any number of requests may send it: they share its bytes,
 * so that readers who take nothing cost no copy each. A body is freed when nobody holds it any more.
 */
struct answer_body;

/* Writes json, which is taken over, as text and compressed with gzip. The caller holds the result.
 * NULL: memory ran out, or json is NULL. Any thread. */
struct answer_body *answer_write(json_t *json);

/* One more holds the body. Returns it. Any thread. */
struct answer_body *answer_hold(struct answer_body *body);

/* The caller holds the body no more. Accepts NULL. Any thread. */
void answer_drop(struct answer_body *body);

/* How much memory the body takes. */
size_t answer_bytes(const struct answer_body *body);

/* Answers with 200 and the body, whose hold is taken over. NULL: memory ran out, and the answer is
 * an error. tagged: the answer has an entity tag, by which clients can ask whether it is still the
 * same. What a request can change has none (docs/http-api.md). The caller adds Cache-Control
 * before. */
void answer_send(struct http_request *req, struct answer_body *body, bool tagged);

/*
 * Copies a task and defers it: see http_request_defer(). done() gets the copy and frees it with
 * free(). Returns false if memory ran out; then the request is answered, and what the task refers
 * to is still the caller's.
 */
bool answer_defer(struct http_request *req, const void *task, size_t task_bytes, http_work_fn work,
    http_done_fn done);

#endif
