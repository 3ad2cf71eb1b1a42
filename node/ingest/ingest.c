/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/ingest/ingest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "node/ingest/ingest_internal.h"
#include "node/util/log.h"

#define GIB (1024LL * 1024 * 1024)

int ingest_open(struct ingest **out, const struct ingest_params *params)
{
    struct ingest *ingest = calloc(1, sizeof(*ingest));
    *out = ingest;
    if (!ingest)
        return -ENOMEM;
    ingest->store = params->store;
    ingest->max_upload_bytes = params->max_upload_bytes > 0 ? params->max_upload_bytes : 64 * GIB;
    pthread_mutex_init(&ingest->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&ingest->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int error = params->store ? ingest_start_completer(ingest) : 0;
    if (error < 0)
        ingest_close(out);
    return error;
}

void ingest_close(struct ingest **ingest)
{
    if (!*ingest)
        return;
    ingest_stop_completer(*ingest);
    pthread_cond_destroy(&(*ingest)->changed);
    pthread_mutex_destroy(&(*ingest)->mutex);
    free(*ingest);
    *ingest = NULL;
}

struct http_route_set ingest_routes(struct ingest *ingest)
{
    static const struct http_route routes[] = {
        {HTTP_OPTIONS, "/api/uploads", HTTP_OPERATOR, false, ingest_options, "what of tus is spoken"},
        {HTTP_POST, "/api/uploads", HTTP_OPERATOR, false, ingest_create, "begins an upload (tus creation)"},
        {HTTP_GET, "/api/uploads", HTTP_OPERATOR, false, ingest_list, "this user's unfinished uploads"},
        {HTTP_HEAD, "/api/uploads/:id", HTTP_OPERATOR, false, ingest_head, "how far an upload is (tus)"},
        {HTTP_PATCH, "/api/uploads/:id", HTTP_OPERATOR, false, ingest_patch, "goes on with an upload (tus)"},
        {HTTP_DELETE, "/api/uploads/:id", HTTP_OPERATOR, false, ingest_delete, "gives an upload up (tus termination)"},
    };
    return (struct http_route_set){routes, sizeof(routes) / sizeof(routes[0]), ingest};
}

void ingest_headers(struct http_request *req)
{
    http_response_header(req, "Tus-Resumable", "1.0.0");
    http_response_header(req, "Cache-Control", "no-store");
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

void ingest_respond_error(struct http_request *req, int error)
{
    ingest_headers(req);
    if (error == CATALOG_ENOTFOUND) {
        http_respond_error(req, 404, "no_upload", "没有这个上传任务。", "There is no such upload.");
    } else if (error == CATALOG_EFULL || error == ingest_errno(-ENOSPC) ||
               error == ingest_errno(-EDQUOT) || error == ingest_errno(-EFBIG)) {
        http_respond_error(req, 507, "disk_full",
            "服务器磁盘空间不够。已上传的部分不会丢，腾出空间后可以接着传。",
            "The server's disk has not enough room. What was uploaded is kept; the upload can go "
            "on once there is room.");
    } else if (error == CATALOG_EBUSY) {
        http_respond_error(req, 503, "busy", "服务器正忙，请稍后再试。",
            "The server is busy: try again in a moment.");
    } else {
        log_write(LOG_ERROR, "ingest", "an upload failed: %s",
            error < ingest_errno(0) ? strerror(ingest_errno(0) - error) : "the catalog refused it");
        http_respond_error(req, 500, "internal", "服务器出错，请告诉技术员。",
            "Something went wrong on the server: tell a technician.");
    }
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

void ingest_options(struct http_request *req, void *ctx)
{
    const struct ingest *ingest = ctx;
    http_response_header(req, "Tus-Version", "1.0.0");
    http_response_header(req, "Tus-Extension", "creation,termination");
    http_response_headerf(req, "Tus-Max-Size", "%" PRId64, ingest->max_upload_bytes);
    ingest_headers(req);
    http_respond_empty(req, 204);
}
