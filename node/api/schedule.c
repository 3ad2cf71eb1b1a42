/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of work on lessons: pause, resume, priority. */
#include "node/api/api_internal.h"
#include "node/util/clock.h"

#define MAX_BYTES 1024

static void work_pause(struct catalog *catalog, struct api_task *task)
{
    task->error = catalog_lesson_set_paused(
        catalog, task->lesson_id, task->paused, task->by, clock_wall_ms());
    if (task->error == CATALOG_OK)
        api_work_show(catalog, task);
}

static void set_paused(struct http_request *req, void *ctx, bool paused)
{
    int64_t id = api_lesson_id(req);
    if (id)
        api_defer(req,
            &(struct api_task){.api = ctx, .work = work_pause, .lesson_id = id, .paused = paused});
}

void api_operator_pause(struct http_request *req, void *ctx)
{
    set_paused(req, ctx, true);
}

void api_operator_resume(struct http_request *req, void *ctx)
{
    set_paused(req, ctx, false);
}

static void work_priority(struct catalog *catalog, struct api_task *task)
{
    task->error = catalog_lesson_set_priority(
        catalog, task->lesson_id, task->priority, task->by, clock_wall_ms());
    if (task->error == CATALOG_OK)
        api_work_show(catalog, task);
}

static void on_priority_body(struct http_request *req, char *data, size_t data_bytes, void *ctx)
{
    json_t *body = json_loadb(data, data_bytes, 0, NULL);
    const char *name = json_string_value(json_object_get(body, "priority"));
    enum catalog_priority priority;
    bool valid = name && catalog_priority_parse(name, &priority);
    json_decref(body);
    int64_t id = api_lesson_id(req);
    if (!valid && id)
        api_respond_error(req, CATALOG_EINVAL);
    else if (id)
        api_defer(
            req, &(struct api_task){
                     .api = ctx, .work = work_priority, .lesson_id = id, .priority = priority});
}

void api_operator_priority(struct http_request *req, void *ctx)
{
    http_request_read(req, MAX_BYTES, on_priority_body, ctx);
}
