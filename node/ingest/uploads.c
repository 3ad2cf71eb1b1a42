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

/* A request on its way through the pool. */
struct task {
    struct ingest *ingest;
    char id[UPLOAD_ID_BYTES];
    char user[65];
    bool admin;
    struct metadata metadata;
    int64_t total_bytes, offset_bytes, lesson_id;
    json_t *json;
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

/* Adds up the space that unfinished uploads still need, for themselves and for their renditions. */
static int promised_bytes(const struct ingest *ingest, struct catalog *catalog, int64_t *out)
{
    struct catalog_uploads uploads;
    int error = catalog_uploads(catalog, NULL, &uploads);
    *out = 0;
    for (size_t i = 0; error == CATALOG_OK && i < uploads.count; i++) {
        int64_t there = ingest_offset(ingest->store, uploads.items[i].id);
        int64_t total = uploads.items[i].total_bytes;
        *out += total - (there > 0 ? there : 0) + store_estimate_bytes(total);
    }
    catalog_uploads_free(&uploads);
    return error;
}

static int reserve(struct task *task, struct catalog *catalog)
{
    int64_t promised;
    int error = promised_bytes(task->ingest, catalog, &promised);
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
    if (task->error != CATALOG_OK) {
        ingest_respond_error(req, task->error);
    } else {
        ingest_headers(req);
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
    task->error = thread_ctx ? catalog_uploads(thread_ctx, task->user, &uploads) : CATALOG_EIO;
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
