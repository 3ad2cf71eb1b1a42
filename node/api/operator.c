/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lessons as operators see and edit them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/api/api_internal.h"
#include "node/api/lesson_json.h"
#include "node/util/clock.h"
#include "node/util/log.h"
#include "transcoder/text/utf8.h"

#define MAX_EDIT_BYTES (64 * 1024)
#define MAX_EVENTS 200

/* ---- looking ---- */

static int add_details(struct catalog *catalog, const struct catalog_lesson *lesson, json_t *json)
{
    int64_t lesson_id = lesson->id;
    struct catalog_events events = {0};
    struct catalog_renditions renditions = {0};
    struct catalog_jobs jobs = {0};
    int error = catalog_events(catalog, lesson_id, MAX_EVENTS, &events);
    if (error == CATALOG_OK)
        error = catalog_renditions(catalog, lesson_id, &renditions);
    if (error == CATALOG_OK)
        error = catalog_jobs(catalog, lesson_id, &jobs);
    if (error == CATALOG_OK &&
        (json_object_set_new(json, "events", lesson_json_events(&events)) < 0 ||
            lesson_json_add_findings(json, lesson) < 0 ||
            json_object_set_new(json, "renditions", lesson_json_renditions(&renditions)) < 0 ||
            json_object_set_new(json, "jobs", lesson_json_jobs(&jobs)) < 0))
        error = CATALOG_ENOMEM;
    catalog_events_free(&events);
    catalog_renditions_free(&renditions);
    catalog_jobs_free(&jobs);
    return error;
}

void api_work_show(struct catalog *catalog, struct api_task *task)
{
    struct catalog_lessons lessons;
    task->error = catalog_lesson_get(catalog, task->lesson_id, &lessons);
    if (task->error != CATALOG_OK)
        return;
    task->error = catalog_queue_positions(catalog, &lessons);
    if (task->error == CATALOG_OK && !(task->json = lesson_json_operator(&lessons.items[0])))
        task->error = CATALOG_ENOMEM;
    if (task->error == CATALOG_OK)
        task->error = add_details(catalog, &lessons.items[0], task->json);
    catalog_lessons_free(&lessons);
}

void api_operator_show(struct http_request *req, void *ctx)
{
    int64_t id = api_lesson_id(req);
    if (id)
        api_defer(req, &(struct api_task){.api = ctx, .work = api_work_show, .lesson_id = id});
}

/* ---- changing ---- */

static void work_publish(struct catalog *catalog, struct api_task *task)
{
    task->error = catalog_lesson_set_published(
        catalog, task->lesson_id, task->published, task->by, clock_wall_ms());
    if (task->error == CATALOG_OK)
        api_work_show(catalog, task);
}

static void publish(struct http_request *req, void *ctx, bool published)
{
    int64_t id = api_lesson_id(req);
    if (id)
        api_defer(
            req, &(struct api_task){
                     .api = ctx, .work = work_publish, .lesson_id = id, .published = published});
}

void api_operator_publish(struct http_request *req, void *ctx)
{
    publish(req, ctx, true);
}

void api_operator_unpublish(struct http_request *req, void *ctx)
{
    publish(req, ctx, false);
}

static void work_retry(struct catalog *catalog, struct api_task *task)
{
    task->error = catalog_lesson_retry(catalog, task->lesson_id, task->by, clock_wall_ms());
    if (task->error == CATALOG_OK)
        api_work_show(catalog, task);
}

void api_operator_retry(struct http_request *req, void *ctx)
{
    int64_t id = api_lesson_id(req);
    if (id)
        api_defer(req, &(struct api_task){.api = ctx, .work = work_retry, .lesson_id = id});
}

/* Removes the lesson from the catalog first. After that its files are unused, even if they can't be
 * deleted now. The scheduler ends a worker that is still working on the lesson. */
/* What can't be removed now is swept later. */
static void remove_files(const struct store *store, const struct catalog_lesson *lesson)
{
    const int errors[] = {
        store_remove_media(store, lesson->id),
        store_remove_source(store, lesson->source_file),
        store_remove_source(store, lesson->remuxed_file),
    };
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i] < 0)
            log_write(LOG_WARN, "api", "files of the removed lesson %" PRId64 " stay for a day: %s",
                lesson->id, strerror(-errors[i]));
}

static void work_remove(struct catalog *catalog, struct api_task *task)
{
    struct catalog_lessons lessons;
    task->error = catalog_lesson_get(catalog, task->lesson_id, &lessons);
    if (task->error != CATALOG_OK)
        return;
    const struct catalog_lesson *lesson = &lessons.items[0];
    task->error = catalog_lesson_remove(catalog, lesson->id);
    if (task->error == CATALOG_OK)
        remove_files(task->api->store, lesson);
    catalog_lessons_free(&lessons);
}

void api_operator_remove(struct http_request *req, void *ctx)
{
    int64_t id = api_lesson_id(req);
    if (id)
        api_defer(req, &(struct api_task){.api = ctx, .work = work_remove, .lesson_id = id});
}

/* ---- editing ---- */

static const struct {
    const char *key;
    size_t max_characters;
} editable[] = {{"title", 200}, {"topic", 100}, {"description", 5000}, {"language", 35}};

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* Whether a text has nothing but white space, which includes the wide space of Chinese texts
 * (U+3000). */
static bool is_blank(const char *text)
{
    static const char wide[] = "\xe3\x80\x80";
    while (*text)
        if (strchr(" \t\r\n", *text))
            text++;
        else if (strncmp(text, wide, sizeof(wide) - 1) == 0)
            text += sizeof(wide) - 1;
        else
            return false;
    return true;
}

/* Checks an edit: only known keys, only texts as values, no text too long, a title not blank. If
 * the edit is wrong, answers with 400 and returns false. */
static bool check_edit(struct http_request *req, const json_t *edit)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)edit, key, value)
    {
        size_t i = 0;
        while (i < sizeof(editable) / sizeof(editable[0]) && strcmp(editable[i].key, key) != 0)
            i++;
        if (i == sizeof(editable) / sizeof(editable[0]) || !json_is_string(value)) {
            http_respond_error(
                req, 400, "bad_field", "有不认识的字段。", "There is an unknown field.");
            return false;
        }
        const char *text = json_string_value(value);
        if (characters(text) > editable[i].max_characters) {
            http_respond_error(req, 400, "too_long", "文字太长，请缩短一些。",
                "The text is too long: shorten it.");
            return false;
        }
        if (utf8_has_controls(text, strcmp(key, "description") == 0)) {
            http_respond_error(req, 400, "control_characters", "文字里有看不见的控制字符，请删掉。",
                "The text has control characters, which can't be seen: remove them.");
            return false;
        }
        if (i == 0 && is_blank(text)) {
            http_respond_error(
                req, 400, "empty_title", "标题不能为空。", "The title must not be empty.");
            return false;
        }
    }
    return true;
}

static void work_edit(struct catalog *catalog, struct api_task *task)
{
    struct catalog_lesson_edit edit = {
        .title = json_string_value(json_object_get(task->edit, "title")),
        .topic = json_string_value(json_object_get(task->edit, "topic")),
        .description = json_string_value(json_object_get(task->edit, "description")),
        .language = json_string_value(json_object_get(task->edit, "language")),
    };
    task->error = catalog_lesson_edit(catalog, task->lesson_id, &edit, clock_wall_ms());
    if (task->error == CATALOG_OK)
        api_work_show(catalog, task);
}

static void on_edit_body(struct http_request *req, char *data, size_t data_bytes, void *ctx)
{
    json_t *edit = json_loadb(data, data_bytes, 0, NULL);
    int64_t id = api_lesson_id(req);
    if (!json_is_object(edit)) {
        if (id)
            api_respond_error(req, CATALOG_EINVAL);
    } else if (id && check_edit(req, edit)) {
        api_defer(
            req, &(struct api_task){
                     .api = ctx, .work = work_edit, .lesson_id = id, .edit = json_incref(edit)});
    }
    json_decref(edit);
}

void api_operator_edit(struct http_request *req, void *ctx)
{
    http_request_read(req, MAX_EDIT_BYTES, on_edit_body, ctx);
}
