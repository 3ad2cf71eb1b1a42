/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The uplink and the sites over HTTP. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/answer/answer.h"
#include "node/api/api.h"
#include "node/api/site_form.h"
#include "node/api/terminal_site.h"
#include "node/util/clock.h"
#include "node/util/log.h"

#define MAX_BODY_BYTES (16 * 1024)
/* Values of task.site_id that are no site's id. NEW_SITE adds a site. NO_SITE matches no site, so
 * the answer is 404. */
#define NEW_SITE 0
#define NO_SITE (-1)

/* The work of a pool thread for one request. */
struct task {
    struct link *link;
    enum { SHOW, SET_UPLINK, PUT_SITE, REMOVE_SITE, MAKE_CODE, RENEW_TOKEN } what;
    json_t *body;    /* a JSON object; NULL: none */
    int64_t site_id; /* or NEW_SITE, NO_SITE */
    int error;       /* enum catalog_error */
    struct site_form_error why;
    json_t *json; /* the answer */
    char code[SITE_CODE_BYTES];
};

/* ---- showing ---- */

static json_t *time_json(int minute)
{
    return json_sprintf("%02d:%02d", minute / 60, minute % 60);
}

static json_t *site_json(const struct catalog_site *site, const struct link_site_traffic *now)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:I, s:I, s:i, s:I}", "id",
        (json_int_t)site->id, "name", site->name, "ranges", site->ranges, "token", site->token,
        "cap_bps", (json_int_t)site->cap_bps, "terminal_cap_bps",
        (json_int_t)site->terminal_cap_bps, "download_from", time_json(site->download_from_minute),
        "download_to", time_json(site->download_to_minute), "budget_bytes",
        (json_int_t)site->budget_bytes, "today_bytes",
        (json_int_t)site->today_bytes + (json_int_t)now->unwritten_bytes, "responses",
        now->responses, "given_bps", (json_int_t)now->given_bps);
}

static void show(struct catalog *catalog, struct task *task)
{
    struct catalog_sites sites;
    json_t *list = json_array();
    task->error = catalog_sites(catalog, site_time_of(clock_wall_ms()).day, &sites);
    for (size_t i = 0; task->error == CATALOG_OK && i < sites.count; i++) {
        struct link_site_traffic now = link_site_traffic(task->link, sites.items[i].id);
        if (json_array_append_new(list, site_json(&sites.items[i], &now)) < 0)
            task->error = CATALOG_ENOMEM;
    }
    task->json = json_pack("{s:I, s:o}", "uplink_bps", (json_int_t)sites.uplink_bps, "sites", list);
    if (task->error == CATALOG_OK && !task->json)
        task->error = CATALOG_ENOMEM;
    catalog_sites_free(&sites);
}

/* ---- changing ---- */

/* Changes a site by the members of the body. A new site starts empty. */
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
    else if ((task->error = site_form_site(task->body, &sites, &site, &task->why)) == CATALOG_OK)
        task->error = catalog_site_put(catalog, &site, &task->site_id);
    catalog_sites_free(&sites);
}

static void set_uplink(struct catalog *catalog, struct task *task)
{
    int64_t bps;
    task->error = site_form_uplink(task->body, &bps, &task->why);
    if (task->error == CATALOG_OK)
        task->error = catalog_link_set(catalog, bps);
}

static enum catalog_error generate_token(struct catalog *catalog, int64_t site_id)
{
    char token[SITE_TOKEN_BYTES];
    site_token_generate(token);
    return catalog_site_set_token(catalog, site_id, token);
}

/* Makes a code for a site. Generates its token first, if it has none yet. */
static void make_code(struct catalog *catalog, struct task *task)
{
    struct catalog_sites sites;
    task->error = catalog_sites(catalog, 0, &sites);
    if (task->error)
        return;
    task->error = CATALOG_ENOTFOUND;
    for (size_t i = 0; i < sites.count; i++)
        if (sites.items[i].id == task->site_id)
            task->error = sites.items[i].generated_token[0]
                              ? CATALOG_OK
                              : generate_token(catalog, task->site_id);
    catalog_sites_free(&sites);
    if (task->error == CATALOG_OK)
        link_site_code(task->link, task->site_id, task->code);
}

static void change(struct catalog *catalog, struct task *task)
{
    switch (task->what) {
    case SHOW:
        break;
    case SET_UPLINK:
        set_uplink(catalog, task);
        break;
    case PUT_SITE:
        put_site(catalog, task);
        break;
    case REMOVE_SITE:
        task->error = catalog_site_remove(catalog, task->site_id);
        break;
    case MAKE_CODE:
        make_code(catalog, task);
        break;
    case RENEW_TOKEN:
        task->error = generate_token(catalog, task->site_id);
        break;
    }
}

static void work_task(void *thread_ctx, void *arg)
{
    struct catalog *catalog = thread_ctx;
    struct task *task = arg;
    change(catalog, task);
    if (task->error && !task->why.en[0])
        snprintf(task->why.en, sizeof(task->why.en), "%s", catalog_message(catalog));
    if (task->error == CATALOG_OK && task->what != SHOW)
        link_reload(task->link, catalog);
    if (task->error == CATALOG_OK && task->what == MAKE_CODE)
        task->json = json_pack("{s:s, s:i}", "code", task->code, "valid_s", SITE_CODE_MS / 1000);
    else if (task->error == CATALOG_OK)
        show(catalog, task);
}

/* ---- answers ---- */

static void respond_error(struct http_request *req, const struct task *task)
{
    const char *why_zh = task->why.zh;
    const struct answer_text texts[] = {
        {CATALOG_EINVAL, 0, "bad_value", why_zh[0] ? why_zh : "填写的内容不能用", task->why.en},
        {CATALOG_EEXISTS, 0, "exists", why_zh[0] ? why_zh : "已有同名的站点，或令牌已被使用",
            task->why.en},
        {CATALOG_ENOTFOUND, 0, "not_found", "没有这个站点", "There is no such site."},
        {CATALOG_EFULL, 0, "disk_full", "服务器磁盘已满。", "The server's disk is full."},
        {ANSWER_ANY_ERROR, 503, "unavailable", "暂时无法保存，请稍后再试",
            "It can't be saved at present."},
    };
    const size_t count = sizeof(texts) / sizeof(texts[0]);
    if (task->error != CATALOG_EINVAL && task->error != CATALOG_EEXISTS &&
        task->error != CATALOG_ENOTFOUND && task->error != CATALOG_EFULL)
        log_write(LOG_ERROR, "link", "%s", task->why.en);
    answer_error(req, task->error, texts, count);
}

static void respond_task(struct http_request *req, void *arg)
{
    struct task *task = arg;
    http_response_header(req, "Cache-Control", "no-store");
    if (task->error) {
        respond_error(req, task);
        json_decref(task->json);
    } else {
        answer_json(req, task->json);
    }
    json_decref(task->body);
    free(task);
}

static void defer(struct http_request *req, const struct task *task)
{
    if (!answer_defer(req, task, sizeof(*task), work_task, respond_task))
        json_decref(task->body);
}

static void handle_show(struct http_request *req, void *ctx)
{
    defer(req, &(struct task){.link = ctx, .what = SHOW});
}

static void handle_code(struct http_request *req, void *ctx)
{
    defer(req,
        &(struct task){.link = ctx, .what = MAKE_CODE, .site_id = http_request_arg_int(req, "id")});
}

static void handle_renew(struct http_request *req, void *ctx)
{
    defer(req, &(struct task){
                   .link = ctx, .what = RENEW_TOKEN, .site_id = http_request_arg_int(req, "id")});
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
    http_request_read(req, MAX_BODY_BYTES, on_body, ctx);
}

struct http_route_set api_site_routes(struct link *link)
{
    static const struct http_route routes[] = {
        {.methods = HTTP_GET,
            .pattern = "/api/terminal",
            .access = HTTP_PUBLIC,
            .handle = api_show_terminal,
            .about = "the asking terminal's site, and what its link carries"},
        {.methods = HTTP_POST,
            .pattern = "/api/terminal/site",
            .access = HTTP_PUBLIC,
            .handle = api_take_site_code,
            .about = "{\"code\": \"12345678\"} puts the asking terminal into a site"},
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
        {.methods = HTTP_POST,
            .pattern = "/api/technician/sites/:id/code",
            .access = HTTP_TECHNICIAN,
            .handle = handle_code,
            .about = "a code that puts one terminal into the site"},
        {.methods = HTTP_DELETE,
            .pattern = "/api/technician/sites/:id/terminals",
            .access = HTTP_TECHNICIAN,
            .handle = handle_renew,
            .about = "puts all terminals out that got into the site by a code"},
    };
    return (struct http_route_set){routes, sizeof(routes) / sizeof(routes[0]), link};
}
