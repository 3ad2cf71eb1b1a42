/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests about lessons: through the pool and back. */
#include <stdlib.h>
#include <string.h>

#include "node/api/api_internal.h"

void api_respond_error(struct http_request *req, int error)
{
    static const struct answer_text texts[] = {
        {CATALOG_ENOTFOUND, 0, "not_found", "没有这一课。", "There is no such lesson."},
        {CATALOG_ESTATE, 0, "wrong_state", "这一课现在不能这样操作。",
            "This is not possible in the lesson's present state."},
    };
    answer_error(req, error, texts, sizeof(texts) / sizeof(texts[0]));
}

static void run_task(void *thread_ctx, void *argument)
{
    struct api_task *task = argument;
    if (thread_ctx)
        task->work(thread_ctx, task);
    else
        task->error = CATALOG_EIO;
    if (task->error == CATALOG_OK && task->json) {
        task->body = answer_write(task->json);
        if (!task->body)
            task->error = CATALOG_ENOMEM;
    } else {
        json_decref(task->json);
    }
}

static void respond_task(struct http_request *req, void *argument)
{
    struct api_task *task = argument;
    if (task->error != CATALOG_OK) {
        api_respond_error(req, task->error);
    } else if (task->body) {
        http_response_header(req, "Cache-Control", "no-cache");
        answer_send(req, task->body, task->page.limit > 0);
    } else {
        http_respond_empty(req, 204);
    }
    json_decref(task->edit);
    free(task);
}

void api_defer(struct http_request *req, const struct api_task *task)
{
    struct api_task own = *task;
    const struct http_user *user = http_request_user(req);
    own.operator_view = user != NULL;
    if (user)
        memcpy(own.by, user->name, sizeof(own.by));
    if (!answer_defer(req, &own, sizeof(own), run_task, respond_task))
        json_decref(task->edit);
}

int64_t api_lesson_id(struct http_request *req)
{
    int64_t id = http_request_arg_int(req, "id");
    if (id > 0)
        return id;
    api_respond_error(req, CATALOG_ENOTFOUND);
    return 0;
}
