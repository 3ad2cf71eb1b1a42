/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/modules.h"

#include <stdio.h>
#include <string.h>

#include "node/api/api.h"
#include "node/hls/hls.h"
#include "node/ingest/ingest.h"
#include "node/web/web.h"

#define HOUR_MS INT64_C(3600000)

static void handle_health(struct http_request *req, void *ctx)
{
    static const char body[] = "{\"status\": \"ok\", \"version\": \"" TERRACE_VERSION "\"}\n";
    (void)ctx;
    http_response_header(req, "Cache-Control", "no-store");
    http_respond(req, 200, "application/json", body, sizeof(body) - 1);
}

static const struct http_route health_route = {.methods = HTTP_GET,
    .pattern = "/healthz",
    .access = HTTP_PUBLIC,
    .handle = handle_health,
    .about = "whether the node answers, and its version"};

static void collect_routes(struct modules *modules)
{
    const struct http_route_set sets[MODULES_ROUTE_SETS] = {
        {&health_route, 1, NULL},
        hls_routes(modules->hls),
        auth_routes(modules->auth),
        ingest_routes(modules->ingest),
        api_traffic_routes(modules->monitor),
        api_routes(modules->api),
        web_routes(),
        api_site_routes(modules->link),
    };
    memcpy(modules->route_sets, sets, sizeof(sets));
}

static int open_all(struct modules *out, const struct config *config, const struct store *store,
    struct catalog *catalog)
{
    const struct auth_params auth = {.catalog = catalog,
        .session_ms = config->session_hours * HOUR_MS,
        .metrics_public = config->metrics_public,
        .need_tls = config->pages_need_tls,
        .login_page = web_login_page};
    const struct ingest_params ingest = {.store = store,
        .max_upload_bytes = config->max_upload_bytes,
        .quota_bytes = config->upload_quota_bytes,
        .expiry_ms = config->upload_expiry_hours * HOUR_MS};
    const struct monitor_params monitor = {
        .catalog = catalog, .max_terminals = (size_t)config->max_terminals};
    const struct api_params api = {.store = store};
    int result = link_open(&out->link, catalog);
    const struct hls_params hls = {.store = store,
        .max_lessons = (size_t)config->indexed_lessons,
        .estimate_bps = link_estimate_bps,
        .estimate_ctx = out->link};
    if (result == 0)
        result = hls_open(&out->hls, &hls);
    if (result == 0)
        result = auth_open(&out->auth, &auth);
    if (result == 0)
        result = ingest_open(&out->ingest, &ingest);
    if (result == 0)
        result = monitor_open(&out->monitor, &monitor);
    if (result == 0)
        result = api_open(&out->api, &api);
    if (result == 0)
        collect_routes(out);
    return result;
}

int modules_open(struct modules *out, const struct config *config, const struct store *store,
    struct catalog *catalog, char *message, size_t message_bytes)
{
    *out = (struct modules){0};
    int result = open_all(out, config, store, catalog);
    if (result < 0) {
        snprintf(message, message_bytes, "the node can't be set up: %s", strerror(-result));
        modules_close(out);
    }
    return result;
}

bool modules_guard(struct http_request *req, const struct http_route *route, void *ctx)
{
    const struct modules *modules = ctx;
    return auth_guard(req, route, modules->auth) && link_admit(req, modules->link);
}

bool modules_still_allowed(
    const struct http_request *req, const struct http_route *route, void *ctx)
{
    const struct modules *modules = ctx;
    return auth_still_allowed(req, route, modules->auth);
}

void modules_close(struct modules *modules)
{
    api_close(&modules->api);
    monitor_close(&modules->monitor);
    ingest_close(&modules->ingest);
    auth_close(&modules->auth);
    hls_close(&modules->hls);
    link_close(&modules->link);
    *modules = (struct modules){0};
}
