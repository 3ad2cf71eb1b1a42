/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One lesson as terminals see it. */
#include "node/api/api_internal.h"
#include "node/api/lesson_json.h"

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
