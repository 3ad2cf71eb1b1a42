/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lessons as terminals see them. */
#include <stdlib.h>

#include "node/api/api_internal.h"
#include "node/api/lesson_json.h"

#define MAX_LESSONS 500

static void work_list(struct catalog *catalog, struct api_task *task)
{
    struct catalog_lessons lessons;
    struct catalog_lesson_filter filter = {
        .published_only = true, .before_id = task->before_id, .limit = task->limit};
    task->error = catalog_lessons(catalog, &filter, &lessons);
    if (task->error != CATALOG_OK)
        return;
    json_t *list = json_array();
    bool complete = list != NULL;
    for (size_t i = 0; i < lessons.count && complete; i++)
        complete = json_array_append_new(list, lesson_json(&lessons.items[i])) == 0;
    catalog_lessons_free(&lessons);
    task->json = json_pack("{s:o}", "lessons", list);
    if (!complete || !task->json)
        task->error = CATALOG_ENOMEM;
}

/* Reads a number from the query. Returns the fallback if it is absent or too long, and -1 if it is
 * not a number. */
static int64_t query_number(const struct http_request *req, const char *name, int64_t fallback)
{
    char text[24], *end;
    if (http_request_param(req, name, text, sizeof(text)) < 0)
        return fallback;
    long long value = strtoll(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' ? value : -1;
}

void api_list_lessons(struct http_request *req, void *ctx)
{
    int64_t before = query_number(req, "before", 0),
            limit = query_number(req, "limit", MAX_LESSONS);
    if (before < 0 || limit < 1) {
        api_respond_error(req, CATALOG_EINVAL);
        return;
    }
    api_defer(req, &(struct api_task){.api = ctx,
                       .work = work_list,
                       .before_id = before,
                       .limit = limit < MAX_LESSONS ? (int)limit : MAX_LESSONS});
}

static void work_show(struct catalog *catalog, struct api_task *task)
{
    struct catalog_lessons lessons;
    task->error = catalog_lesson_get(catalog, task->lesson_id, &lessons);
    if (task->error != CATALOG_OK)
        return;
    const struct catalog_lesson *lesson = &lessons.items[0];
    if (!task->operator_view && !(lesson->published && lesson->playable))
        task->error = CATALOG_ENOTFOUND;
    else if (!(task->json = lesson_json(lesson)))
        task->error = CATALOG_ENOMEM;
    catalog_lessons_free(&lessons);
}

void api_show_lesson(struct http_request *req, void *ctx)
{
    int64_t id = api_lesson_id(req);
    if (id)
        api_defer(req, &(struct api_task){.api = ctx, .work = work_show, .lesson_id = id});
}
