/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/api/api_internal.h"

int api_open(struct api **out, const struct api_params *params)
{
    struct api *api = calloc(1, sizeof(*api));
    *out = api;
    if (!api)
        return -ENOMEM;
    const struct http_route routes[API_ROUTES] = {
        {HTTP_GET, "/api/lessons", HTTP_PUBLIC, false, api_list_lessons, api, "published lessons"},
        {HTTP_GET, "/api/lessons/:id", HTTP_PUBLIC, false, api_show_lesson, api, "one lesson"},
        {HTTP_GET, "/api/operator/lessons", HTTP_OPERATOR, false, api_operator_list, api,
            "all lessons"},
        {HTTP_GET, "/api/operator/lessons/:id", HTTP_OPERATOR, false, api_operator_show, api,
            "one lesson with its story"},
        {HTTP_PATCH, "/api/operator/lessons/:id", HTTP_OPERATOR, false, api_operator_edit, api,
            "changes title, topic, ..."},
        {HTTP_DELETE, "/api/operator/lessons/:id", HTTP_OPERATOR, false, api_operator_remove, api,
            "removes a lesson"},
        {HTTP_POST, "/api/operator/lessons/:id/publish", HTTP_OPERATOR, false, api_operator_publish,
            api, "publishes"},
        {HTTP_POST, "/api/operator/lessons/:id/unpublish", HTTP_OPERATOR, false,
            api_operator_unpublish, api, "withdraws"},
        {HTTP_POST, "/api/operator/lessons/:id/retry", HTTP_OPERATOR, false, api_operator_retry,
            api, "tries a failed lesson again"},
        {HTTP_POST, "/api/operator/lessons/:id/pause", HTTP_OPERATOR, false, api_operator_pause,
            api, "begins nothing more of it"},
        {HTTP_POST, "/api/operator/lessons/:id/resume", HTTP_OPERATOR, false, api_operator_resume,
            api, "goes on with it"},
        {HTTP_POST, "/api/operator/lessons/:id/priority", HTTP_OPERATOR, false,
            api_operator_priority, api, "low, normal or high"},
        {HTTP_GET, "/api/operator/events", HTTP_OPERATOR, false, api_queue, api,
            "the queue as server-sent events"},
    };
    memcpy(api->routes, routes, sizeof(routes));
    api->store = params->store;
    return 0;
}

void api_close(struct api **api)
{
    free(*api);
    *api = NULL;
}

const struct http_route *api_routes(const struct api *api, size_t *count)
{
    *count = API_ROUTES;
    return api->routes;
}

void api_respond_error(struct http_request *req, int error)
{
    switch (error) {
    case CATALOG_ENOTFOUND:
        http_respond_error(req, 404, "not_found", "没有这一课。", "There is no such lesson.");
        break;
    case CATALOG_ESTATE:
        http_respond_error(req, 409, "wrong_state", "这一课现在不能这样操作。",
            "This is not possible in the lesson's present state.");
        break;
    case CATALOG_EINVAL:
        http_respond_error(req, 400, "bad_request", "请求格式不对。", "The request is malformed.");
        break;
    case CATALOG_EBUSY:
        http_response_header(req, "Retry-After", "2");
        http_respond_error(req, 503, "busy", "服务器正忙，请稍后再试。",
            "The server is busy: try again in a moment.");
        break;
    case CATALOG_EFULL:
        http_respond_error(req, 507, "disk_full", "服务器磁盘已满。", "The server's disk is full.");
        break;
    default:
        http_respond_error(req, 500, "internal", "服务器出错，请告诉技术员。",
            "Something went wrong on the server: tell a technician.");
    }
}

void api_respond_json(struct http_request *req, int status, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    http_response_header(req, "Cache-Control", "no-cache");
    if (text)
        http_respond(req, status, "application/json", text, strlen(text));
    else
        api_respond_error(req, CATALOG_ENOMEM);
    free(text);
}

static void work(void *thread_ctx, void *argument)
{
    struct api_task *task = argument;
    if (thread_ctx)
        task->work(thread_ctx, task);
    else
        task->error = CATALOG_EIO;
}

static void done(struct http_request *req, void *argument)
{
    struct api_task *task = argument;
    if (task->error != CATALOG_OK)
        api_respond_error(req, task->error);
    else if (task->json)
        api_respond_json(req, 200, task->json);
    else
        http_respond_empty(req, 204);
    json_decref(task->json);
    json_decref(task->edit);
    free(task);
}

void api_defer(struct http_request *req, const struct api_task *task)
{
    struct api_task *copy = malloc(sizeof(*copy));
    if (!copy) {
        json_decref(task->edit);
        api_respond_error(req, CATALOG_ENOMEM);
        return;
    }
    *copy = *task;
    const struct http_user *user = http_request_user(req);
    copy->operator_view = user != NULL;
    if (user)
        memcpy(copy->by, user->name, sizeof(copy->by));
    http_request_defer(req, work, done, copy);
}

int64_t api_lesson_id(struct http_request *req)
{
    int64_t id = http_request_arg_int(req, "id");
    if (id > 0)
        return id;
    api_respond_error(req, CATALOG_ENOTFOUND);
    return 0;
}
