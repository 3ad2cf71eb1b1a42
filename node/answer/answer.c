/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/answer/answer.h"

#include <stdlib.h>
#include <string.h>

static const struct answer_text usual_texts[] = {
    {CATALOG_ENOTFOUND, 404, "not_found", "没有这个内容。", "There is no such thing."},
    {CATALOG_EEXISTS, 409, "exists", "已经有了。", "It exists already."},
    {CATALOG_ESTATE, 409, "wrong_state", "现在不能这样操作。", "This is not possible now."},
    {CATALOG_EINVAL, 400, "bad_request", "请求格式不对。", "The request is malformed."},
    {CATALOG_EBUSY, 503, "busy", "服务器正忙，请稍后再试。",
        "The server is busy: try again in a moment."},
    {CATALOG_EFULL, 507, "disk_full", "服务器磁盘已满。", "The server's disk is full."},
    {ANSWER_ANY_ERROR, 500, "internal", "服务器出错，请告诉技术员。",
        "Something went wrong on the server: tell a technician."},
};

static const struct answer_text *find_text(const struct answer_text *texts, size_t count, int error)
{
    for (size_t i = 0; i < count; i++)
        if (texts[i].error == error || texts[i].error == ANSWER_ANY_ERROR)
            return &texts[i];
    return NULL;
}

void answer_error(
    struct http_request *req, int error, const struct answer_text *own, size_t own_count)
{
    const struct answer_text *usual =
        find_text(usual_texts, sizeof(usual_texts) / sizeof(usual_texts[0]), error);
    const struct answer_text *text = find_text(own, own_count, error);
    if (!text)
        text = usual;
    if (error == CATALOG_EBUSY)
        http_response_header(req, "Retry-After", "2");
    http_respond_error(
        req, text->status ? text->status : usual->status, text->code, text->zh, text->en);
}

void answer_json(struct http_request *req, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(json);
    if (text)
        http_respond(req, 200, "application/json", text, strlen(text));
    else
        answer_error(req, CATALOG_ENOMEM, NULL, 0);
    free(text);
}

bool answer_defer(struct http_request *req, const void *task, size_t task_bytes, http_work_fn work,
    http_done_fn done)
{
    void *copy = malloc(task_bytes);
    if (!copy) {
        answer_error(req, CATALOG_ENOMEM, NULL, 0);
        return false;
    }
    memcpy(copy, task, task_bytes);
    http_request_defer(req, work, done, copy);
    return true;
}
