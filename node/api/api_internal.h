/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of node/api. */
#ifndef NODE_API_API_INTERNAL_H
#define NODE_API_API_INTERNAL_H

#include <jansson.h>

#include "catalog/catalog.h"
#include "node/api/api.h"

#define API_ROUTES 13

struct api {
    const struct store *store;
    struct http_route routes[API_ROUTES];
};

/*
 * A request on its way through the pool: one catalog call, or a few, whose outcome is JSON or an
 * error. Every handler fills one in and hands it to api_defer(); `work` runs with the pool thread's
 * catalog.
 */
struct api_task {
    struct api *api;
    void (*work)(struct catalog *catalog, struct api_task *task);
    int64_t lesson_id, before_id;
    int limit;
    bool operator_view; /* the asker is logged in */
    bool published, paused;
    int priority;
    char by[65];
    json_t *edit;
    /* outcome */
    int error;    /* enum catalog_error */
    json_t *json; /* NULL: 204 */
};

void api_defer(struct http_request *req, const struct api_task *task);
/* The catalog's error as an HTTP answer: the one place where they meet. */
void api_respond_error(struct http_request *req, int error);
void api_respond_json(struct http_request *req, int status, json_t *json);
/* The lesson's number from the route; 0 and a 404 sent if it is none. */
int64_t api_lesson_id(struct http_request *req);

/* operator.c: the lesson as operators see it becomes task->json; the end of most work. */
void api_work_show(struct catalog *catalog, struct api_task *task);

/* lessons.c, operator.c, turns.c, queue.c: handlers; ctx is the struct api *. */
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
void api_queue(struct http_request *req, void *ctx);

#endif
