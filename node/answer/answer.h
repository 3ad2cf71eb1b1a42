/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers from the catalog: work that runs on a pool thread with its catalog, and its outcome as
 * JSON or as an error. Each enum catalog_error gets an HTTP status and a text here. A module may
 * replace both by its own.
 *
 * Everything here is called on the request's loop, except answer_write().
 */
#ifndef NODE_ANSWER_ANSWER_H
#define NODE_ANSWER_ANSWER_H

#include <jansson.h>
#include <limits.h>

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
 * a loop's other connections would wait. The request's loop sends it.
 */
struct answer_body {
    bool accepts_gzip; /* set before the work: answer_accepts_gzip() */
    char *data;        /* NULL: memory ran out */
    size_t data_bytes;
    bool gzip; /* data is compressed */
};

/* Whether the client accepts gzip. */
bool answer_accepts_gzip(const struct http_request *req);

/* Writes json, which is taken over, into the body. Any thread. */
void answer_write(struct answer_body *body, json_t *json);

/* Answers with 200 and the body, and frees it. The caller adds Cache-Control before. */
void answer_send(struct http_request *req, struct answer_body *body);

/*
 * Copies a task and defers it: see http_request_defer(). done() gets the copy and frees it with
 * free(). Returns false if memory ran out; then the request is answered, and what the task refers
 * to is still the caller's.
 */
bool answer_defer(struct http_request *req, const void *task, size_t task_bytes, http_work_fn work,
    http_done_fn done);

#endif
