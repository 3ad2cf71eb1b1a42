/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What technicians see and state about the links, over HTTP. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/link/link_internal.h"
#include "node/link/statements.h"
#include "node/util/clock.h"
#include "node/util/log.h"

#define MOST_BODY_BYTES (16 * 1024)
/* Instead of a site's id. */
#define NEW_SITE 0
#define NO_SITE (-1)

/* What a thread of the pool does for a request. */
struct task {
    struct link *link;
    enum { SHOW, SET_UPLINK, PUT_SITE, REMOVE_SITE } what;
    json_t *body;    /* an object; NULL none */
    int64_t site_id; /* or NEW_SITE, NO_SITE */
    int error;       /* enum catalog_error */
    struct complaint why;
    char *json; /* the answer */
};

/* ---- showing ---- */

static json_t *time_json(int minute)
{
    return json_sprintf("%02d:%02d", minute / 60, minute % 60);
}

static json_t *site_json(const struct catalog_site *site, const struct flows_sum *now)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:I, s:I, s:i, s:I}", "id",
        (json_int_t)site->id, "name", site->name, "ranges", site->ranges, "token", site->token,
        "cap_bps", (json_int_t)site->cap_bps, "terminal_cap_bps",
        (json_int_t)site->terminal_cap_bps, "download_from", time_json(site->download_from_minute),
        "download_to", time_json(site->download_to_minute), "budget_bytes",
        (json_int_t)site->budget_bytes, "today_bytes", (json_int_t)site->today_bytes, "responses",
        now->count, "given_bps", (json_int_t)now->given_bps);
}

/* What is taken now, and today so far, of what the catalog does not know yet. */
static struct flows_sum present(struct link *link, struct catalog_site *site)
{
    struct flows_sum sum = {0};

    pthread_mutex_lock(&link->lock);
    for (size_t i = 0; i < link->sites.count; i++)
        if (link->sites.items[i].id == site->id) {
            sum = flows_sum_of(link->flows, (int)i);
            site->today_bytes += link->sites.items[i].unwritten_bytes;
        }
    pthread_mutex_unlock(&link->lock);
    return sum;
}

static void show(struct catalog *catalog, struct task *task)
{
    struct catalog_sites sites;
    json_t *list = json_array(), *root;

    task->error = catalog_sites(catalog, site_time_of(clock_wall_ms()).day, &sites);
    for (size_t i = 0; task->error == CATALOG_OK && i < sites.count; i++) {
        struct flows_sum now = present(task->link, &sites.items[i]);

        if (json_array_append_new(list, site_json(&sites.items[i], &now)) < 0)
            task->error = CATALOG_ENOMEM;
    }
    root = json_pack("{s:I, s:o}", "uplink_bps", (json_int_t)sites.uplink_bps, "sites", list);
    task->json = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (task->error == CATALOG_OK && !task->json)
        task->error = CATALOG_ENOMEM;
    catalog_sites_free(&sites);
}

/* ---- stating ---- */

/* The site as it is (none: an empty one), with what the body changes. */
static void put_site(struct catalog *catalog, struct task *task)
{
    struct catalog_sites sites;
    struct catalog_site site = {.name = (char *)"", .ranges = (char *)"", .token = (char *)""};
    bool known = task->site_id == NEW_SITE;

    task->error = catalog_sites(catalog, 0, &sites);
    if (task->error)
        return;
    for (size_t i = 0; i < sites.count; i++)
        if (sites.items[i].id == task->site_id) {
            site = sites.items[i];
            known = true;
        }
    if (!known)
        task->error = CATALOG_ENOTFOUND;
    else if ((task->error = statement_site(task->body, &sites, &site, &task->why)) == CATALOG_OK)
        task->error = catalog_site_put(catalog, &site, &task->site_id);
    catalog_sites_free(&sites);
}

static void set_uplink(struct catalog *catalog, struct task *task)
{
    int64_t bps;

    task->error = statement_uplink(task->body, &bps, &task->why);
    if (task->error == CATALOG_OK)
        task->error = catalog_link_set(catalog, bps);
}

static void work(void *thread_ctx, void *arg)
{
    struct catalog *catalog = thread_ctx;
    struct task *task = arg;

    if (task->what == SET_UPLINK)
        set_uplink(catalog, task);
    else if (task->what == PUT_SITE)
        put_site(catalog, task);
    else if (task->what == REMOVE_SITE)
        task->error = catalog_site_remove(catalog, task->site_id);
    if (task->error && !task->why.en[0])
        snprintf(task->why.en, sizeof(task->why.en), "%s", catalog_message(catalog));
    if (task->error == CATALOG_OK && task->what != SHOW)
        link_load(task->link, catalog);
    if (task->error == CATALOG_OK)
        show(catalog, task);
}

/* ---- answers ---- */

static void respond_error(struct http_request *req, const struct task *task)
{
    switch (task->error) {
    case CATALOG_EINVAL:
        http_respond_error(req, 400, "bad_value",
            task->why.zh[0] ? task->why.zh : "填写的内容不能用", task->why.en);
        break;
    case CATALOG_EEXISTS:
        http_respond_error(req, 409, "exists",
            task->why.zh[0] ? task->why.zh : "已有同名的站点，或令牌已被使用", task->why.en);
        break;
    case CATALOG_ENOTFOUND:
        http_respond_error(req, 404, "not_found", "没有这个站点", "There is no such site.");
        break;
    case CATALOG_EFULL:
        http_respond_error(req, 507, "disk_full", "服务器磁盘已满。", "The server's disk is full.");
        break;
    default:
        log_write(LOG_ERROR, "link", "%s", task->why.en);
        http_respond_error(
            req, 503, "unavailable", "暂时无法保存，请稍后再试", "It can't be saved at present.");
    }
}

static void on_done(struct http_request *req, void *arg)
{
    struct task *task = arg;

    http_response_header(req, "Cache-Control", "no-store");
    if (task->error)
        respond_error(req, task);
    else
        http_respond(req, 200, "application/json", task->json, strlen(task->json));
    json_decref(task->body);
    free(task->json);
    free(task);
}

static void defer(struct http_request *req, const struct task *task)
{
    struct task *copy = malloc(sizeof(*copy));

    if (!copy) {
        json_decref(task->body);
        http_respond_error(req, 500, "out_of_memory", "内存不足", "Out of memory.");
        return;
    }
    *copy = *task;
    http_request_defer(req, work, on_done, copy);
}

static void handle_show(struct http_request *req, void *ctx)
{
    defer(req, &(struct task){.link = ctx, .what = SHOW});
}

static void handle_remove(struct http_request *req, void *ctx)
{
    defer(req, &(struct task){
                   .link = ctx, .what = REMOVE_SITE, .site_id = http_request_arg_int(req, "id")});
}

static void on_body(struct http_request *req, char *data, size_t data_bytes, void *ctx)
{
    json_error_t fault;
    struct task task = {.link = ctx, .body = json_loadb(data, data_bytes, 0, &fault)};

    if (!task.body && json_error_code(&fault) == json_error_numeric_overflow) {
        http_respond_error(req, 400, "bad_value", "数字太大", "A number is too large to be meant.");
        return;
    }
    if (!json_is_object(task.body)) {
        json_decref(task.body);
        http_respond_error(
            req, 400, "bad_json", "请求不是 JSON 对象", "The body is no JSON object.");
        return;
    }
    task.what = strcmp(http_request_path(req), "/api/technician/link") == 0 ? SET_UPLINK : PUT_SITE;
    if (*http_request_arg(req, "id")) {
        task.site_id = http_request_arg_int(req, "id");
        if (task.site_id == NEW_SITE)
            task.site_id = NO_SITE;
    }
    defer(req, &task);
}

static void handle_put(struct http_request *req, void *ctx)
{
    http_request_read(req, MOST_BODY_BYTES, on_body, ctx);
}

/* What a terminal's page wants to know of its own link before it begins to play. */
static void handle_terminal(struct http_request *req, void *ctx)
{
    struct link *link = ctx;
    char token[SITE_NAME_BYTES], name[SITE_NAME_BYTES] = "";
    int64_t bps = link_estimate_bps(req, link);
    json_t *json;
    char *text;
    int site;

    http_request_site(req, token, sizeof(token));
    pthread_mutex_lock(&link->lock);
    site = sites_find(&link->sites, http_request_peer(req), token);
    if (site >= 0)
        memcpy(name, link->sites.items[site].name, sizeof(name));
    pthread_mutex_unlock(&link->lock);
    json = json_pack("{s:o, s:o}", "link_bps", bps > 0 ? json_integer(bps) : json_null(), "site",
        name[0] ? json_string(name) : json_null());
    text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    http_response_header(req, "Cache-Control", "no-store");
    if (text)
        http_respond(req, 200, "application/json", text, strlen(text));
    else
        http_respond_error(req, 500, "out_of_memory", "内存不足", "Out of memory.");
    free(text);
}

void link_make_routes(struct link *link)
{
    static const struct http_route routes[LINK_ROUTES] = {
        {.methods = HTTP_GET,
            .pattern = "/api/terminal",
            .access = HTTP_PUBLIC,
            .handle = handle_terminal,
            .about = "the asking terminal's site, and what its link carries"},
        {.methods = HTTP_GET,
            .pattern = "/api/technician/link",
            .access = HTTP_TECHNICIAN,
            .handle = handle_show,
            .about = "the uplink's limit, and the sites with theirs"},
        {.methods = HTTP_PUT,
            .pattern = "/api/technician/link",
            .access = HTTP_TECHNICIAN,
            .handle = handle_put,
            .about = "{\"uplink_bps\": 2000000}; 0: not limited"},
        {.methods = HTTP_POST,
            .pattern = "/api/technician/sites",
            .access = HTTP_TECHNICIAN,
            .handle = handle_put,
            .about = "adds a site"},
        {.methods = HTTP_PUT,
            .pattern = "/api/technician/sites/:id",
            .access = HTTP_TECHNICIAN,
            .handle = handle_put,
            .about = "changes a site"},
        {.methods = HTTP_DELETE,
            .pattern = "/api/technician/sites/:id",
            .access = HTTP_TECHNICIAN,
            .handle = handle_remove,
            .about = "removes a site"},
    };

    memcpy(link->routes, routes, sizeof(routes));
    for (size_t i = 0; i < LINK_ROUTES; i++)
        link->routes[i].ctx = link;
}
