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
#define WEEK_MS (7 * 24 * 3600 * 1000LL)

int ingest_open(struct ingest **out, const struct ingest_params *params)
{
    struct ingest *ingest = calloc(1, sizeof(*ingest));
    *out = ingest;
    if (!ingest)
        return -ENOMEM;
    ingest->store = params->store;
    ingest->max_upload_bytes = params->max_upload_bytes > 0 ? params->max_upload_bytes : 64 * GIB;
    ingest->quota_bytes = params->quota_bytes > 0 ? params->quota_bytes : 256 * GIB;
    ingest->expiry_ms = params->expiry_ms > 0 ? params->expiry_ms : WEEK_MS;
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

void ingest_interrupt(struct ingest *ingest)
{
    if (ingest)
        atomic_store(&ingest->closing, true);
}

void ingest_close(struct ingest **ingest)
{
    if (!*ingest)
        return;
    ingest_stop_completer(*ingest);
    ingest_free_hashes(*ingest);
    pthread_cond_destroy(&(*ingest)->changed);
    pthread_mutex_destroy(&(*ingest)->mutex);
    free(*ingest);
    *ingest = NULL;
}

struct http_route_set ingest_routes(struct ingest *ingest)
{
    static const struct http_route routes[] = {
        {HTTP_OPTIONS, "/api/uploads", HTTP_OPERATOR, 0, ingest_options, "what of tus is spoken"},
        {HTTP_POST, "/api/uploads", HTTP_OPERATOR, 0, ingest_create,
            "begins an upload (tus creation)"},
        {HTTP_GET, "/api/uploads", HTTP_OPERATOR, 0, ingest_list,
            "this user's unfinished uploads; for admins, everybody's"},
        {HTTP_HEAD, "/api/uploads/:id", HTTP_OPERATOR, 0, ingest_head,
            "how far an upload is (tus)"},
        {HTTP_PATCH, "/api/uploads/:id", HTTP_OPERATOR, HTTP_TAKES_LONG, ingest_patch,
            "goes on with an upload (tus)"},
        {HTTP_DELETE, "/api/uploads/:id", HTTP_OPERATOR, 0, ingest_delete,
            "gives an upload up (tus termination)"},
    };
    return (struct http_route_set){routes, sizeof(routes) / sizeof(routes[0]), ingest};
}

void ingest_options(struct http_request *req, void *ctx)
{
    const struct ingest *ingest = ctx;
    http_response_header(req, "Tus-Version", "1.0.0");
    http_response_header(req, "Tus-Extension", "creation,expiration,termination");
    http_response_headerf(req, "Tus-Max-Size", "%" PRId64, ingest->max_upload_bytes);
    ingest_headers(req);
    http_respond_empty(req, 204);
}
