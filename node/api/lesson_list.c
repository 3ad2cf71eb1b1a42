/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of lessons, for terminals and for operators, in pages. */
#include <stdlib.h>
#include <string.h>

#include "node/api/api_internal.h"
#include "node/api/lesson_json.h"

#define PAGE_LESSONS 50

static json_t *page_json(const struct api *api, const struct api_task *task,
    const struct catalog_lessons *lessons, int64_t change_number)
{
    size_t count = lessons->count;
    bool more = count > (size_t)task->page.limit;
    if (more)
        count--; /* it was asked for to know whether there is one */
    json_t *list = lesson_json_list(lessons->items, count, task->page.for_operators);
    json_t *json = json_pack("{s:o, s:o}", "lessons", list, "next",
        more ? json_integer(lessons->items[count - 1].id) : json_null());
    if (json && task->page.for_operators)
        json_object_set_new(json, "change", api_change_id(api, change_number));
    return json;
}

static void write_page(struct catalog *catalog, struct api_task *task, int64_t change_number)
{
    struct catalog_lessons lessons;
    const struct list_page *page = &task->page;
    const struct catalog_lesson_filter filter = {.published_only = !page->for_operators,
        .before_id = page->before_id,
        .limit = page->limit + 1,
        .search = page->search};
    task->error = catalog_lessons(catalog, &filter, &lessons);
    if (task->error == CATALOG_OK && page->for_operators)
        task->error = catalog_queue_positions(catalog, &lessons);
    if (task->error == CATALOG_OK) {
        task->body = answer_write(page_json(task->api, task, &lessons, change_number));
        if (task->body)
            list_cache_keep(task->api->lists, page, change_number, task->body);
        else
            task->error = CATALOG_ENOMEM;
    }
    catalog_lessons_free(&lessons);
}

static void work_list(struct catalog *catalog, struct api_task *task)
{
    int64_t change_number = 0;
    /* The number is read before the lessons, so that a page is never newer than it says. */
    task->error = catalog_change_number(catalog, &change_number);
    if (task->error != CATALOG_OK)
        return;
    task->body = list_cache_find(task->api->lists, &task->page, change_number);
    if (!task->body)
        write_page(catalog, task, change_number);
}

/* Whether the query has a parameter of this name, even one that http_request_param() refuses. */
static bool has_param(const struct http_request *req, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = http_request_query(req); at; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return true;
    }
    return false;
}

/* Reads a number from the query. Returns the fallback if it is absent, and -1 if it is not a
 * number or is too long. */
static int64_t query_number(const struct http_request *req, const char *name, int64_t fallback)
{
    char text[24], *end;
    if (http_request_param(req, name, text, sizeof(text)) < 0)
        return has_param(req, name) ? -1 : fallback;
    long long value = strtoll(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' ? value : -1;
}

/* Reads the text that is searched for: "" if there is none. Returns false if it is too long or
 * malformed. */
static bool query_search(const struct http_request *req, char search[LIST_SEARCH_BYTES + 1])
{
    return http_request_param(req, "q", search, LIST_SEARCH_BYTES + 1) >= 0 || !has_param(req, "q");
}

static void list(struct http_request *req, struct api *api, bool for_operators)
{
    struct api_task task = {.api = api, .work = work_list};
    int64_t limit = query_number(req, "limit", PAGE_LESSONS);
    task.page.for_operators = for_operators;
    task.page.before_id = query_number(req, "before", 0);
    task.page.limit = limit < PAGE_LESSONS ? (int)limit : PAGE_LESSONS;
    if (task.page.before_id < 0 || limit < 1 || !query_search(req, task.page.search))
        api_respond_error(req, CATALOG_EINVAL);
    else
        api_defer(req, &task);
}

void api_list_lessons(struct http_request *req, void *ctx)
{
    list(req, ctx, false);
}

void api_operator_list(struct http_request *req, void *ctx)
{
    list(req, ctx, true);
}
