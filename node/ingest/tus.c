/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all requests of the upload protocol need: its headers, its errors, and finding an upload. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/answer/answer.h"
#include "node/http/parse/date.h"
#include "node/ingest/ingest.h"
#include "node/ingest/ingest_internal.h"
#include "node/util/clock.h"
#include "node/util/log.h"

void ingest_headers(struct http_request *req)
{
    http_response_header(req, "Tus-Resumable", "1.0.0");
    http_response_header(req, "Cache-Control", "no-store");
}

void ingest_expires(struct http_request *req, const struct ingest *ingest, int64_t idle_ms)
{
    char date[HTTP_DATE_BYTES];
    int64_t left_ms = ingest->expiry_ms > idle_ms ? ingest->expiry_ms - idle_ms : 0;
    http_date_format(date, (clock_wall_ms() + left_ms) / 1000);
    http_response_header(req, "Upload-Expires", date);
}

bool ingest_check_version(struct http_request *req)
{
    const char *version = http_request_header(req, "Tus-Resumable");
    if (version && strcmp(version, "1.0.0") == 0)
        return true;
    http_response_header(req, "Tus-Version", "1.0.0");
    http_respond_error(req, 412, "tus_version", "上传协议版本不对（需要 tus 1.0.0）。",
        "The upload protocol's version is wrong (tus 1.0.0 is needed).");
    return false;
}

static bool is_full(int error)
{
    return error == CATALOG_EFULL || error == ingest_errno(-ENOSPC) ||
           error == ingest_errno(-EDQUOT) || error == ingest_errno(-EFBIG);
}

void ingest_respond_error(struct http_request *req, int error)
{
    static const struct answer_text texts[] = {
        {CATALOG_ENOTFOUND, 0, "no_upload", "没有这个上传任务。", "There is no such upload."},
        {CATALOG_EFULL, 0, "disk_full",
            "服务器磁盘空间不够。已上传的部分不会丢，腾出空间后可以接着传。",
            "The server's disk has not enough room. What was uploaded is kept; the upload can go "
            "on once there is room."},
    };
    if (is_full(error))
        error = CATALOG_EFULL;
    else if (error != CATALOG_ENOTFOUND && error != CATALOG_EBUSY)
        log_write(LOG_ERROR, "ingest", "an upload failed: %s",
            error < ingest_errno(0) ? strerror(ingest_errno(0) - error) : "the catalog refused it");
    ingest_headers(req);
    answer_error(req, error, texts, sizeof(texts) / sizeof(texts[0]));
}

int ingest_find(struct catalog *catalog, const char *id, const char *user, bool admin,
    struct catalog_uploads *out)
{
    *out = (struct catalog_uploads){0};
    if (!catalog)
        return CATALOG_EIO;
    int error = catalog_upload_get(catalog, id, out);
    if (error == CATALOG_OK && !admin && strcmp(out->items[0].user, user) != 0) {
        catalog_uploads_free(out);
        error = CATALOG_ENOTFOUND;
    }
    return error;
}

int64_t ingest_offset(const struct store *store, const char *id)
{
    char path[STORE_PATH_BYTES];
    struct stat status;
    int error = store_source_path(store, id, path);
    if (error < 0)
        return error;
    if (stat(path, &status) == 0)
        return status.st_size;
    return errno == ENOENT ? 0 : -errno;
}

bool ingest_id(struct http_request *req, char *id)
{
    const char *text = http_request_arg(req, "id");
    if (strlen(text) == UPLOAD_ID_BYTES - 1 &&
        strspn(text, "0123456789abcdef") == UPLOAD_ID_BYTES - 1) {
        memcpy(id, text, UPLOAD_ID_BYTES);
        return true;
    }
    ingest_respond_error(req, CATALOG_ENOTFOUND);
    return false;
}

int64_t ingest_header_number(const struct http_request *req, const char *name)
{
    const char *text = http_request_header(req, name);
    if (!text || !*text || strlen(text) > 18 || text[strspn(text, "0123456789")] != '\0')
        return -1;
    return strtoll(text, NULL, 10);
}

bool ingest_is_admin(const struct http_request *req)
{
    return strcmp(http_request_user(req)->role, "admin") == 0;
}
