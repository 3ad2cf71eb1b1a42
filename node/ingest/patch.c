/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PATCH (tus core): writes a body to the file of its upload. Each block is written by a pool thread
 * before the handler gets the next one. So memory use is constant, and a slow disk slows the sender
 * down.
 *
 * open (pool) -> stream: write block (pool), write block (pool), ... -> close (pool): sync; if
 * complete, make the lesson (complete.c) -> answer
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/ingest/ingest.h"
#include "node/ingest/ingest_internal.h"
#include "node/util/clock.h"
#include "node/util/log.h"

/* The file is synced after this many bytes, so that a power cut loses little. */
#define SYNC_BYTES (16LL * 1024 * 1024)

struct patch {
    struct upload_writer writer;
    struct ingest *ingest;
    char user[65];
    bool admin;
    int64_t stated_offset, body_bytes; /* from the request's headers; body -1: chunked */
    int fd;
    struct store_hash *hash; /* of what is in the file; NULL: not known */
    int64_t offset, total_bytes, unsynced_bytes;
    const uint8_t *block;
    size_t block_bytes;
    bool over; /* more data came than the upload has room for */
    bool gone; /* the client left */
    int error;
    int64_t lesson_id;
};

static void patch_free(struct patch *patch)
{
    writers_leave(patch->ingest, &patch->writer);
    if (patch->fd >= 0)
        close(patch->fd);
    store_hash_free(patch->hash);
    free(patch);
}

/* ---- the answer ---- */

static void respond(struct http_request *req, const struct patch *patch)
{
    if (patch->error != CATALOG_OK) {
        ingest_respond_error(req, patch->error);
        return;
    }
    ingest_headers(req);
    if (patch->writer.superseded) {
        http_respond_error(req, 409, "superseded", "这个上传已由另一个连接接着传。",
            "Another connection has gone on with this upload.");
        return;
    }
    http_response_headerf(req, "Upload-Offset", "%" PRId64, patch->offset);
    if (patch->over) {
        http_respond_error(
            req, 413, "too_much", "收到的数据比说明的多。", "More data came than was announced.");
        return;
    }
    if (patch->lesson_id > 0)
        http_response_headerf(req, "Terrace-Lesson", "%" PRId64, patch->lesson_id);
    else
        ingest_expires(req, patch->ingest, 0);
    http_respond_empty(req, 204);
}

/* Syncs what was written since the last sync. If that fails, nobody knows which of these bytes are
 * on the disk, and the kernel may have dropped them. So they are removed, and are not acknowledged. */
static int sync_written(struct patch *patch)
{
    if (patch->unsynced_bytes == 0)
        return CATALOG_OK;
    int failure = fdatasync(patch->fd) < 0 ? errno : 0;
    if (failure) {
        patch->offset -= patch->unsynced_bytes;
        store_hash_free(patch->hash);
        patch->hash = NULL;
        if (ftruncate(patch->fd, patch->offset) < 0)
            log_write(LOG_ERROR, "ingest",
                "upload %s: bytes that can't be synced can't be removed: %s", patch->writer.id,
                strerror(errno));
    }
    patch->unsynced_bytes = 0;
    return failure ? ingest_errno(-failure) : CATALOG_OK;
}

/* ---- closing ---- */

/* Removes what a request with too many bytes has written. It is refused as a whole, as it would be
 * if it had announced its length. */
static int drop_body(struct patch *patch)
{
    if (ftruncate(patch->fd, patch->stated_offset) < 0)
        return ingest_errno(-errno);
    patch->offset = patch->stated_offset;
    return CATALOG_OK;
}

/* Keeps the hash of what was written, for the next request or for the last step. */
static void keep_hash(struct patch *patch)
{
    ingest_keep_hash(patch->ingest, patch->writer.id, patch->hash);
    patch->hash = NULL;
}

/* Records how far the upload is. Returns CATALOG_ENOTFOUND if it was deleted while this request ran.
 * Any other failure costs nothing but the figure. */
static int note_progress(const struct patch *patch, struct catalog *catalog)
{
    int error = catalog_upload_touch(catalog, patch->writer.id, patch->offset, clock_wall_ms());
    return error == CATALOG_ENOTFOUND ? error : CATALOG_OK;
}

static void work_close(void *thread_ctx, void *argument)
{
    struct patch *patch = argument;
    if (!writers_begin(patch->ingest, &patch->writer))
        return;
    int synced = sync_written(patch);
    if (patch->error == CATALOG_OK)
        patch->error = synced;
    if (patch->error == CATALOG_OK && patch->over)
        patch->error = drop_body(patch);
    else
        keep_hash(patch);
    if (patch->error == CATALOG_OK)
        patch->error = ingest_complete(
            patch->ingest, thread_ctx, patch->writer.id, INGEST_WAIT, &patch->lesson_id);
    else
        ingest_look_again(patch->ingest); /* all bytes may be there in spite of the error */
    if (patch->error == CATALOG_OK && patch->lesson_id > 0)
        patch->offset = patch->total_bytes;
    else if (patch->error == CATALOG_OK)
        patch->error = note_progress(patch, thread_ctx);
    writers_end(patch->ingest, &patch->writer);
}

static void done_close(struct http_request *req, void *argument)
{
    struct patch *patch = argument;
    if (!patch->gone)
        respond(req, patch);
    patch_free(patch);
}

/* ---- writing ---- */

static int write_block(struct patch *patch)
{
    const uint8_t *at = patch->block;
    size_t left = patch->block_bytes;
    while (left > 0) {
        ssize_t written = pwrite(patch->fd, at, left, patch->offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return ingest_errno(-errno);
        if (patch->hash)
            store_hash_add(patch->hash, at, (size_t)written);
        at += written;
        left -= (size_t)written;
        patch->offset += written;
        patch->unsynced_bytes += written;
    }
    return patch->unsynced_bytes >= SYNC_BYTES ? sync_written(patch) : CATALOG_OK;
}

static void work_write(void *thread_ctx, void *argument)
{
    struct patch *patch = argument;
    int64_t free_bytes = store_free_bytes(patch->ingest->store);
    if (free_bytes < (int64_t)patch->block_bytes) {
        patch->error = free_bytes < 0 ? ingest_errno((int)free_bytes) : CATALOG_EFULL;
        return;
    }
    if (!writers_begin(patch->ingest, &patch->writer))
        return;
    patch->error = write_block(patch);
    /* The sync has just made these bytes safe. A failure here costs nothing but the figure. */
    if (patch->error == CATALOG_OK && patch->unsynced_bytes == 0)
        (void)catalog_upload_touch(thread_ctx, patch->writer.id, patch->offset, clock_wall_ms());
    writers_end(patch->ingest, &patch->writer);
}

static void done_write(struct http_request *req, void *argument)
{
    (void)argument;
    http_request_resume(req);
}

/* Gets every block. After a failure, the rest of the body is read and dropped, so that the client
 * reads the answer. */
static void take_block(
    struct http_request *req, const uint8_t *data, size_t data_bytes, bool end, void *ctx)
{
    struct patch *patch = ctx;
    if (!data) {
        patch->gone = !end;
        http_request_defer(req, work_close, done_close, patch);
        return;
    }
    int64_t room = patch->total_bytes - patch->offset;
    if ((int64_t)data_bytes > room) {
        patch->over = true;
        data_bytes = (size_t)room;
    }
    if (patch->error != CATALOG_OK || data_bytes == 0) {
        http_request_resume(req);
        return;
    }
    patch->block = data;
    patch->block_bytes = data_bytes;
    http_request_defer(req, work_write, done_write, patch);
}

/* ---- opening ---- */

/* Whether the upload was deleted after it was found. Then the empty file that was just created must
 * be removed here. A file with content is kept, because it may be the source of a lesson. */
static bool given_up(struct catalog *catalog, const struct patch *patch)
{
    struct catalog_uploads uploads;
    struct stat status;
    int found = ingest_find(catalog, patch->writer.id, patch->user, patch->admin, &uploads);
    if (found == CATALOG_OK)
        catalog_uploads_free(&uploads);
    else if (found == CATALOG_ENOTFOUND && fstat(patch->fd, &status) == 0 && status.st_size == 0)
        store_remove_source(patch->ingest->store, patch->writer.id);
    return found == CATALOG_ENOTFOUND;
}

static void work_open(void *thread_ctx, void *argument)
{
    struct patch *patch = argument;
    struct catalog_uploads uploads;
    char path[STORE_PATH_BYTES];
    struct stat status;
    patch->error = ingest_find(thread_ctx, patch->writer.id, patch->user, patch->admin, &uploads);
    if (patch->error != CATALOG_OK)
        return;
    patch->total_bytes = uploads.items[0].total_bytes;
    patch->lesson_id = uploads.items[0].lesson_id;
    catalog_uploads_free(&uploads);
    if (patch->lesson_id > 0) {
        patch->offset = patch->total_bytes; /* the upload is complete already: an earlier answer got
                                             * lost */
        return;
    }
    int error = store_source_path(patch->ingest->store, patch->writer.id, path);
    patch->fd = error == 0 ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640) : -1;
    if (patch->fd < 0 || fstat(patch->fd, &status) < 0)
        patch->error = ingest_errno(error < 0 ? error : -errno);
    else if (given_up(thread_ctx, patch))
        patch->error = CATALOG_ENOTFOUND;
    else if (status.st_size > patch->total_bytes)
        patch->error = CATALOG_ECORRUPT; /* something else has written to the file */
    else
        patch->offset = status.st_size;
    if (patch->error == CATALOG_OK && patch->offset == patch->stated_offset)
        patch->hash = ingest_take_hash(patch->ingest, patch->writer.id, patch->offset);
}

static bool may_begin(struct http_request *req, struct patch *patch)
{
    if (patch->error != CATALOG_OK) {
        ingest_respond_error(req, patch->error);
    } else if (patch->stated_offset != patch->offset) {
        ingest_headers(req);
        http_response_headerf(req, "Upload-Offset", "%" PRId64, patch->offset);
        http_respond_error(req, 409, "wrong_offset", "续传的位置不对。",
            "The upload goes on at another place (Upload-Offset).");
    } else if (patch->body_bytes > patch->total_bytes - patch->offset) {
        ingest_headers(req);
        http_respond_error(req, 413, "too_much", "要传的数据比说明的多。",
            "There is more data than was announced.");
    } else if (patch->lesson_id > 0) {
        respond(req, patch);
    } else if (!writers_enter(patch->ingest, &patch->writer)) {
        ingest_headers(req);
        http_response_header(req, "Retry-After", "1");
        http_respond_error(req, 423, "locked", "这个文件正由另一个连接上传。",
            "Another connection is writing to this upload.");
    } else {
        return true;
    }
    return false;
}

static void done_open(struct http_request *req, void *argument)
{
    struct patch *patch = argument;
    if (http_request_gone(req) || !may_begin(req, patch)) {
        patch_free(patch);
    } else if (http_request_stream(req, take_block, patch) < 0) {
        ingest_respond_error(req, CATALOG_ENOMEM);
        patch_free(patch);
    }
}

void ingest_patch(struct http_request *req, void *ctx)
{
    const char *type = http_request_header(req, "Content-Type");
    char id[UPLOAD_ID_BYTES];
    if (!ingest_check_version(req) || !ingest_id(req, id))
        return;
    if (!type || strcmp(type, "application/offset+octet-stream") != 0) {
        ingest_headers(req);
        http_respond_error(req, 415, "wrong_type", "上传的数据类型不对。",
            "The body must be application/offset+octet-stream.");
        return;
    }
    struct patch *patch = calloc(1, sizeof(*patch));
    int64_t stated_offset = ingest_header_number(req, "Upload-Offset");
    if (!patch || stated_offset < 0) {
        free(patch);
        ingest_headers(req);
        http_respond_error(req, 400, "no_offset", "缺少续传位置（Upload-Offset）。",
            "The place to go on at is missing (Upload-Offset).");
        return;
    }
    const struct http_user *user = http_request_user(req);
    *patch = (struct patch){
        .ingest = ctx,
        .admin = ingest_is_admin(req),
        .stated_offset = stated_offset,
        .body_bytes = http_request_body_bytes(req),
        .fd = -1,
    };
    memcpy(patch->writer.id, id, sizeof(id));
    memcpy(patch->user, user->name, sizeof(patch->user));
    http_request_defer(req, work_open, done_open, patch);
}
