/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Creating, listing, querying and deleting uploads. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/ingest/ingest.h"
#include "node/ingest/ingest_internal.h"
#include "node/ingest/metadata.h"
#include "node/util/clock.h"

/* The most unfinished uploads of a user. */
#define MAX_UPLOADS 100
/* An upload that was idle for longer has no claim on free space. */
#define PROMISE_MS (3600 * 1000)

/* A request on its way through the pool. */
struct task {
    struct ingest *ingest;
    char id[UPLOAD_ID_BYTES];
    char user[65];
    bool admin;
    struct metadata metadata;
    int64_t total_bytes, offset_bytes, lesson_id, idle_ms;
    json_t *json;
    bool over_quota;
    int error;
};

static struct task *new_task(struct http_request *req, struct ingest *ingest)
{
    struct task *task = calloc(1, sizeof(*task));
    if (!task) {
        ingest_respond_error(req, CATALOG_ENOMEM);
        return NULL;
    }
    const struct http_user *user = http_request_user(req);
    task->ingest = ingest;
    task->admin = ingest_is_admin(req);
    memcpy(task->user, user->name, sizeof(task->user));
    return task;
}

static void free_task(struct task *task)
{
    json_decref(task->json);
    free(task);
}

/* ---- creation ---- */

/* Adds up the space that uploads in progress still need, for themselves and for their renditions. An
 * upload to which nothing has come for PROMISE_MS has no claim on free space. Otherwise one that was
 * only announced would keep everybody else out. */
static int promised_bytes(struct catalog *catalog, int64_t *out)
{
    struct catalog_upload_totals totals;
    int error = catalog_upload_totals(catalog, NULL, PROMISE_MS, &totals);
    *out = totals.left_bytes + store_estimate_bytes(totals.total_bytes) +
           (totals.count > 0 ? (totals.count - 1) * store_estimate_bytes(0) : 0);
    return error;
}

static int check_quota(struct task *task, struct catalog *catalog)
{
    struct catalog_upload_totals totals;
    int error = catalog_upload_totals(catalog, task->user, 0, &totals);
    task->over_quota = totals.count >= MAX_UPLOADS ||
                       totals.total_bytes + task->total_bytes > task->ingest->quota_bytes;
    return error == CATALOG_OK && task->over_quota ? CATALOG_EFULL : error;
}

static int reserve(struct task *task, struct catalog *catalog)
{
    int64_t promised;
    int error = check_quota(task, catalog);
    if (error == CATALOG_OK)
        error = promised_bytes(catalog, &promised);
    if (error != CATALOG_OK)
        return error;
    int64_t free_bytes = store_free_bytes(task->ingest->store);
    if (free_bytes < 0)
        return ingest_errno((int)free_bytes);
    return free_bytes - promised >= task->total_bytes + store_estimate_bytes(task->total_bytes)
               ? CATALOG_OK
               : CATALOG_EFULL;
}

static int create_file(struct task *task)
{
    char path[STORE_PATH_BYTES];
    store_new_name(task->id);
    int error = store_source_path(task->ingest->store, task->id, path);
    int fd = error == 0 ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640) : -1;
    if (fd < 0)
        return ingest_errno(error < 0 ? error : -errno);
    close(fd);
    return CATALOG_OK;
}

static void work_create(void *thread_ctx, void *argument)
{
    struct task *task = argument;
    struct metadata *m = &task->metadata;
    task->error = thread_ctx ? reserve(task, thread_ctx) : CATALOG_EIO;
    if (task->error == CATALOG_OK)
        task->error = create_file(task);
    if (task->error != CATALOG_OK)
        return;
    struct catalog_upload upload = {
        .id = task->id,
        .user = task->user,
        .filename = m->filename,
        .title = m->title,
        .topic = m->topic,
        .description = m->description,
        .language = m->language,
        .publish = m->publish,
        .total_bytes = task->total_bytes,
        .created_ms = clock_wall_ms(),
    };
    task->error = catalog_upload_create(thread_ctx, &upload);
    if (task->error != CATALOG_OK)
        store_remove_source(task->ingest->store, task->id);
}

static void done_create(struct http_request *req, void *argument)
{
    struct task *task = argument;
    if (task->over_quota) {
        ingest_headers(req);
        http_respond_error(req, 413, "quota", "您未完成的上传太多。请先传完或取消其中一些。",
            "You have too many unfinished uploads: finish or cancel some of them first.");
    } else if (task->error != CATALOG_OK) {
        ingest_respond_error(req, task->error);
    } else {
        ingest_headers(req);
        ingest_expires(req, task->ingest, 0);
        http_response_headerf(req, "Location", "/api/uploads/%s", task->id);
        http_response_header(req, "Upload-Offset", "0");
        http_respond_empty(req, 201);
    }
    free_task(task);
}

static void bad_request(
    struct http_request *req, int status, const char *code, const char *zh, const char *en)
{
    ingest_headers(req);
    http_respond_error(req, status, code, zh, en);
}

void ingest_create(struct http_request *req, void *ctx)
{
    struct ingest *ingest = ctx;
    int64_t total = ingest_header_number(req, "Upload-Length");
    if (!ingest_check_version(req))
        return;
    if (total < 0) {
        bad_request(req, 400, "no_length", "上传前要说明文件大小（Upload-Length）。",
            "The file's size must be stated beforehand (Upload-Length).");
    } else if (total == 0) {
        bad_request(req, 400, "empty_file", "这个文件是空的。", "The file is empty.");
    } else if (total > ingest->max_upload_bytes) {
        bad_request(req, 413, "too_large", "文件太大，超过了允许的上限。",
            "The file is larger than is allowed.");
    } else {
        struct task *task = new_task(req, ingest);
        if (!task)
            return;
        task->total_bytes = total;
        if (metadata_parse(http_request_header(req, "Upload-Metadata"), &task->metadata) == 0) {
            http_request_defer(req, work_create, done_create, task);
            return;
        }
        free_task(task);
        bad_request(req, 400, "bad_metadata", "文件名或说明的格式不对，或者太长。",
            "A name or text is malformed or too long (Upload-Metadata).");
    }
}

/* ---- looking ---- */

static void work_head(void *thread_ctx, void *argument)
{
    struct task *task = argument;
    struct catalog_uploads uploads;
    task->error = ingest_find(thread_ctx, task->id, task->user, task->admin, &uploads);
    if (task->error != CATALOG_OK)
        return;
    task->total_bytes = uploads.items[0].total_bytes;
    task->lesson_id = uploads.items[0].lesson_id;
    task->idle_ms = uploads.items[0].idle_ms;
    catalog_uploads_free(&uploads);
    task->offset_bytes =
        task->lesson_id > 0 ? task->total_bytes : ingest_offset(task->ingest->store, task->id);
    if (task->offset_bytes < 0)
        task->error = ingest_errno((int)task->offset_bytes);
    /* A client that sees offset = length sends no PATCH any more, so this may be the last chance
     * to make the lesson. A failure changes nothing in the answer: all bytes are here, and the
     * completer retries. */
    if (task->offset_bytes == task->total_bytes && task->lesson_id == 0)
        ingest_complete(task->ingest, thread_ctx, task->id, INGEST_IF_IDLE, &task->lesson_id);
}

static void done_head(struct http_request *req, void *argument)
{
    struct task *task = argument;
    if (task->error != CATALOG_OK) {
        ingest_respond_error(req, task->error);
    } else {
        ingest_headers(req);
        http_response_headerf(req, "Upload-Offset", "%" PRId64, task->offset_bytes);
        http_response_headerf(req, "Upload-Length", "%" PRId64, task->total_bytes);
        if (task->lesson_id > 0)
            http_response_headerf(req, "Terrace-Lesson", "%" PRId64, task->lesson_id);
        else
            ingest_expires(req, task->ingest, task->idle_ms);
        http_respond_empty(req, 200);
    }
    free_task(task);
}

void ingest_head(struct http_request *req, void *ctx)
{
    char id[UPLOAD_ID_BYTES];
    struct task *task = ingest_check_version(req) && ingest_id(req, id) ? new_task(req, ctx) : NULL;
    if (!task)
        return;
    memcpy(task->id, id, sizeof(id));
    http_request_defer(req, work_head, done_head, task);
}

static void work_list(void *thread_ctx, void *argument)
{
    struct task *task = argument;
    struct catalog_uploads uploads = {0};
    const char *whose = task->admin ? NULL : task->user;
    task->error = thread_ctx ? catalog_uploads(thread_ctx, whose, &uploads) : CATALOG_EIO;
    json_t *list = json_array();
    for (size_t i = 0; task->error == CATALOG_OK && i < uploads.count; i++) {
        const struct catalog_upload *u = &uploads.items[i];
        int64_t offset = ingest_offset(task->ingest->store, u->id);
        json_array_append_new(list,
            json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "id", u->id, "filename", u->filename,
                "title", u->title, "user", u->user, "total_bytes", (json_int_t)u->total_bytes,
                "offset_bytes", (json_int_t)(offset > 0 ? offset : 0), "created_ms",
                (json_int_t)u->created_ms));
    }
    catalog_uploads_free(&uploads);
    task->json = json_pack("{s:o}", "uploads", list);
}

static void done_list(struct http_request *req, void *argument)
{
    struct task *task = argument;
    char *text = task->json ? json_dumps(task->json, JSON_COMPACT) : NULL;
    if (task->error != CATALOG_OK || !text) {
        ingest_respond_error(req, task->error != CATALOG_OK ? task->error : CATALOG_ENOMEM);
    } else {
        http_response_header(req, "Cache-Control", "no-store");
        http_respond(req, 200, "application/json", text, strlen(text));
    }
    free(text);
    free_task(task);
}

void ingest_list(struct http_request *req, void *ctx)
{
    struct task *task = new_task(req, ctx);
    if (task)
        http_request_defer(req, work_list, done_list, task);
}

/* ---- termination ---- */

static void work_delete(void *thread_ctx, void *argument)
{
    struct task *task = argument;
    struct catalog_uploads uploads;
    task->error = ingest_find(thread_ctx, task->id, task->user, task->admin, &uploads);
    if (task->error != CATALOG_OK)
        return;
    catalog_uploads_free(&uploads);
    /* Of a complete upload only the row is removed. Its file is the source of the lesson now. */
    bool complete = false;
    task->error = catalog_upload_remove(thread_ctx, task->id, &complete);
    if (task->error == CATALOG_OK && !complete)
        store_remove_source(task->ingest->store, task->id);
}

static void done_delete(struct http_request *req, void *argument)
{
    struct task *task = argument;
    if (task->error != CATALOG_OK) {
        ingest_respond_error(req, task->error);
    } else {
        ingest_headers(req);
        http_respond_empty(req, 204);
    }
    free_task(task);
}

void ingest_delete(struct http_request *req, void *ctx)
{
    char id[UPLOAD_ID_BYTES];
    struct task *task = ingest_check_version(req) && ingest_id(req, id) ? new_task(req, ctx) : NULL;
    if (!task)
        return;
    memcpy(task->id, id, sizeof(id));
    http_request_defer(req, work_delete, done_delete, task);
}
