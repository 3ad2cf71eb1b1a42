/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of node/api share: requests about lessons. For the files of this folder alone. */
#ifndef NODE_API_API_INTERNAL_H
#define NODE_API_API_INTERNAL_H

#include <jansson.h>
#include <pthread.h>

#include "catalog/catalog.h"
#include "node/answer/answer.h"
#include "node/api/list_cache.h"
#include "node/http/http.h"
#include "node/store/store.h"

struct change_stream;

/* What has changed between two changes of the catalog, as JSON. All streams that are up to date need
 * the same, so it is written once. */
struct change_event {
    int64_t since, number;
    char *text; /* NULL: none yet */
};

struct api {
    const struct store *store;
    struct list_cache *lists;
    char epoch[17];       /* 16 hex digits, of this process: change numbers of other processes,
                              which may have had another catalog, mean nothing to it */
    pthread_mutex_t lock; /* protects the members below */
    struct change_stream *streams; /* open streams of events, of all users */
    struct change_event last_event;
};

/*
 * A request about lessons on its way through the pool: a few catalog calls whose outcome is JSON or
 * an error. A handler fills one in and passes it to api_defer().
 */
struct api_task {
    struct api *api;
    /* Runs on a pool thread with its catalog. Sets error, or json or body. */
    void (*work)(struct catalog *catalog, struct api_task *task);
    int64_t lesson_id;
    struct list_page page; /* limit 0: the task is about one lesson */
    bool operator_view;    /* the user is logged in, in any role; set by api_defer() */
    bool published, paused;
    int priority;
    char by[65];
    json_t *edit;
    /* The outcome. */
    int error;                /* enum catalog_error */
    json_t *json;             /* becomes body */
    struct answer_body *body; /* NULL without an error: the answer is 204 */
};

/* Copies the task, adds who sent the request, runs the task on the pool, and answers. Takes
 * task->edit over. */
void api_defer(struct http_request *req, const struct api_task *task);

/* Answers with an error about a lesson: an enum catalog_error. */
void api_respond_error(struct http_request *req, int error);

/* Returns the lesson's number from the route; or 0, and answers with 404. */
int64_t api_lesson_id(struct http_request *req);

/* Returns the number of a change as clients know it: a text that means something to this process
 * only. */
json_t *api_change_id(const struct api *api, int64_t change_number);

/* Makes task->json from the lesson with all details that operators see, or sets task->error.
 * Defined in operator.c. The work functions that change a lesson call it at their end. */
void api_work_show(struct catalog *catalog, struct api_task *task);

/* Handlers; ctx is the struct api *. */
void api_list_lessons(struct http_request *req, void *ctx);
void api_show_lesson(struct http_request *req, void *ctx);
void api_operator_list(struct http_request *req, void *ctx);
void api_operator_show(struct http_request *req, void *ctx);
void api_operator_edit(struct http_request *req, void *ctx);
void api_operator_remove(struct http_request *req, void *ctx);
void api_operator_publish(struct http_request *req, void *ctx);
void api_operator_unpublish(struct http_request *req, void *ctx);
void api_operator_retry(struct http_request *req, void *ctx);
void api_operator_pause(struct http_request *req, void *ctx);
void api_operator_resume(struct http_request *req, void *ctx);
void api_operator_priority(struct http_request *req, void *ctx);
void api_change_events(struct http_request *req, void *ctx);

#endif
