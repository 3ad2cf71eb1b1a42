/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/auth/auth.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "node/auth/auth_internal.h"
#include "node/util/clock.h"
#include "node/util/log.h"

/* A larger difference between two looks at the clock means that somebody has set it. */
#define CLOCK_STEP_MS 10000

/* Reads from where users have logged in before. */
static int load_networks(struct auth *auth, struct catalog *catalog)
{
    struct catalog_networks networks;
    if (catalog_networks(catalog, &networks) != CATALOG_OK)
        return -EIO;
    for (size_t i = 0; i < networks.count; i++)
        guesses_know(auth->guesses, networks.items[i].user, networks.items[i].network);
    catalog_networks_free(&networks);
    return 0;
}

/* Before this time, which is older than the program, the clock is not set yet: the machine has no
 * battery, and the sessions are right. 2026-01-01. */
#define PLAUSIBLE_MS INT64_C(1767225600000)

/* A session that was made while the clock was ahead must not last longer than others. */
static int bound_sessions(const struct auth *auth, struct catalog *catalog)
{
    int64_t now_ms = clock_wall_ms();
    if (now_ms < PLAUSIBLE_MS)
        return 0;
    return catalog_sessions_bound(catalog, now_ms + auth->session_ms) == CATALOG_OK ? 0 : -EIO;
}

int auth_open(struct auth **out, const struct auth_params *params)
{
    *out = NULL;
    struct auth *auth = calloc(1, sizeof(*auth));
    if (!auth || sodium_init() < 0) {
        free(auth);
        return -ENOMEM;
    }
    *auth = (struct auth){
        .session_ms = params->session_ms > 0 ? params->session_ms : 12LL * 3600 * 1000,
        .metrics_public = params->metrics_public,
        .need_tls = params->need_tls,
        .login_page = params->login_page,
        .login_page_ctx = params->login_page_ctx,
        .clock_offset_ms = clock_wall_ms() - clock_mono_ms(),
    };
    int error = sessions_open(&auth->sessions);
    if (error == 0)
        error = guesses_open(&auth->guesses);
    if (error == 0 && params->catalog)
        error = load_networks(auth, params->catalog);
    if (error == 0 && params->catalog)
        error = bound_sessions(auth, params->catalog);
    if (error == 0 && params->catalog)
        error = auth_refresh(auth, params->catalog);
    if (error < 0) {
        auth_close(&auth);
        return error;
    }
    *out = auth;
    return 0;
}

void auth_close(struct auth **auth)
{
    if (!*auth)
        return;
    sessions_close(&(*auth)->sessions);
    guesses_close(&(*auth)->guesses);
    free(*auth);
    *auth = NULL;
}

struct http_route_set auth_routes(struct auth *auth)
{
    static const struct http_route routes[] = {
        {.methods = HTTP_POST,
            .pattern = "/api/login",
            .access = HTTP_PUBLIC,
            .handle = auth_login,
            .about = "logs in"},
        {.methods = HTTP_POST,
            .pattern = "/api/logout",
            .access = HTTP_ANY_USER,
            .handle = auth_logout,
            .about = "logs out"},
        {.methods = HTTP_GET,
            .pattern = "/api/session",
            .access = HTTP_ANY_USER,
            .handle = auth_session,
            .about = "who is logged in"},
    };
    return (struct http_route_set){routes, sizeof(routes) / sizeof(routes[0]), auth};
}

/* Adjusts the stored sessions and the offset if the clock was set. A small step is only taken over. */
static int follow_clock(struct auth *auth, struct catalog *catalog)
{
    int64_t mono_ms = clock_mono_ms(), offset_ms = atomic_load(&auth->clock_offset_ms);
    int64_t step_ms = clock_wall_ms() - mono_ms - offset_ms;
    if (step_ms == 0)
        return 0;
    if (step_ms > CLOCK_STEP_MS || step_ms < -CLOCK_STEP_MS) {
        if (catalog_sessions_rebase(catalog, mono_ms + offset_ms, auth->session_ms, step_ms) !=
            CATALOG_OK)
            return -EIO;
        log_write(LOG_INFO, "auth", "the clock was set by %" PRId64 " s; all sessions go on",
            step_ms / 1000);
    }
    atomic_store(&auth->clock_offset_ms, offset_ms + step_ms);
    return 0;
}

int auth_refresh(struct auth *auth, struct catalog *catalog)
{
    struct catalog_sessions list;
    uint64_t mark = sessions_mark(auth->sessions);
    int64_t mono_ms = clock_mono_ms();
    if (follow_clock(auth, catalog) < 0)
        return -EIO;
    int64_t offset_ms = atomic_load(&auth->clock_offset_ms);
    if (catalog_sessions(catalog, mono_ms + offset_ms, &list) != CATALOG_OK)
        return -EIO;
    for (size_t i = 0; i < list.count; i++)
        list.items[i].expires_ms -= offset_ms;
    sessions_replace(auth->sessions, mark, &list);
    return 0;
}

/* ---- the guard ---- */

/* Shows the login page if there is one and if a page was asked for. Returns whether it did. */
static bool give_login_page(
    const struct auth *auth, struct http_request *req, const struct http_route *route, int status)
{
    if (!(route->flags & HTTP_PAGE) || !auth->login_page)
        return false;
    auth->login_page(req, status, auth->login_page_ctx);
    return true;
}

static void refuse_stranger(
    const struct auth *auth, struct http_request *req, const struct http_route *route)
{
    http_response_header(req, "WWW-Authenticate", "Session");
    if (give_login_page(auth, req, route, 401))
        return;
    http_response_header(req, "Cache-Control", "no-store");
    http_respond_error(req, 401, "login_needed", "请先登录。", "Log in first.");
}

static void refuse_role(
    const struct auth *auth, struct http_request *req, const struct http_route *route)
{
    if (!give_login_page(auth, req, route, 403))
        http_respond_error(
            req, 403, "forbidden", "您的账号没有权限做这件事。", "Your account may not do this.");
}

static bool may(const char *role, enum http_access access)
{
    bool admin = strcmp(role, "admin") == 0;
    switch (access) {
    case HTTP_PUBLIC:
    case HTTP_ANY_USER:
        return true;
    case HTTP_OPERATOR:
        return admin || strcmp(role, "operator") == 0;
    case HTTP_TECHNICIAN:
        return admin || strcmp(role, "technician") == 0;
    case HTTP_ADMIN:
        return admin;
    }
    return false;
}

const char *auth_cookie_name(const struct http_request *req)
{
    return http_request_secure(req) ? "__Host-terrace_session" : "terrace_session";
}

static bool find_user(
    const struct auth *auth, const struct http_request *req, struct http_user *user)
{
    char token[AUTH_TOKEN_BYTES];
    struct catalog_session session;
    if (http_request_cookie(req, auth_cookie_name(req), token, sizeof(token)) !=
            AUTH_TOKEN_BYTES - 1 ||
        !sessions_find(auth->sessions, token, clock_mono_ms(), &session))
        return false;
    const char *role = catalog_role_name(session.role);
    *user = (struct http_user){0};
    memcpy(user->name, session.user, sizeof(user->name));
    memcpy(user->csrf, session.csrf, sizeof(user->csrf));
    memcpy(user->role, role ? role : "", role ? strlen(role) : 0);
    return role != NULL;
}

/* Whether a request may have been forged by a foreign page. Such a page can make the browser send
 * the cookie, but it can't read the CSRF token that belongs to it. */
static bool forged(
    struct http_request *req, const struct http_route *route, const struct http_user *user)
{
    const int harmless = HTTP_GET | HTTP_HEAD | HTTP_OPTIONS;
    if ((http_request_method(req) & harmless) || strcmp(route->pattern, "/api/login") == 0)
        return false;
    const char *token = http_request_header(req, "X-CSRF-Token");
    size_t length = strlen(user->csrf);
    return !token || strlen(token) != length || sodium_memcmp(token, user->csrf, length) != 0;
}

static bool is_open_metrics(const struct auth *auth, const struct http_route *route)
{
    return auth->metrics_public && strcmp(route->pattern, "/metrics") == 0;
}

/* Whether a password, a session or protected data would cross a network without TLS although TLS is
 * required. */
static bool too_open(
    const struct auth *auth, const struct http_request *req, const struct http_route *route)
{
    bool secret = route->access != HTTP_PUBLIC || strcmp(route->pattern, "/login") == 0 ||
                  strcmp(route->pattern, "/api/login") == 0;
    return auth->need_tls && secret && !http_request_secure(req) && !http_request_local(req) &&
           !is_open_metrics(auth, route);
}

/* Redirects to the same page over TLS. The paths of pages contain no arguments, so nothing has to
 * be escaped. */
static bool redirect_to_tls(struct http_request *req)
{
    const char *host = http_request_header(req, "Host"), *query = http_request_query(req);
    if (!host)
        return false;
    size_t host_bytes = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    http_response_headerf(req, "Location", "https://%.*s:%d%s%s%s", (int)host_bytes, host,
        http_request_tls_port(req), http_request_path(req), *query ? "?" : "", query);
    http_response_header(req, "Cache-Control", "no-store");
    http_respond_empty(req, 308);
    return true;
}

static void refuse_openness(struct http_request *req, const struct http_route *route)
{
    if ((route->flags & HTTP_PAGE) && redirect_to_tls(req))
        return;
    http_response_header(req, "Cache-Control", "no-store");
    http_respond_error(req, 403, "tls_needed", "请使用 https 地址。",
        "This is only available by HTTPS: use the address that begins with https.");
}

bool auth_still_allowed(
    const struct http_request *req, const struct http_route *route, const struct auth *auth)
{
    struct http_user user;
    return route->access == HTTP_PUBLIC ||
           (find_user(auth, req, &user) && may(user.role, route->access));
}

bool auth_guard(struct http_request *req, const struct http_route *route, void *ctx)
{
    const struct auth *auth = ctx;
    struct http_user user;
    if (too_open(auth, req, route)) {
        refuse_openness(req, route);
        return false;
    }
    bool known = find_user(auth, req, &user);
    if (known && !http_request_set_user(req, &user)) {
        http_respond_error(
            req, 503, "out_of_memory", "服务器内存不足。", "The server is short of memory.");
        return false;
    }
    if (strcmp(route->pattern, "/metrics") == 0 &&
        (auth->metrics_public || http_request_local(req)))
        return true;
    if (!known && route->access == HTTP_PUBLIC)
        return true;
    if (!known) {
        refuse_stranger(auth, req, route);
        return false;
    }
    if (!may(user.role, route->access)) {
        refuse_role(auth, req, route);
        return false;
    }
    if (forged(req, route, &user)) {
        http_respond_error(req, 403, "csrf", "页面已过期，请刷新后再试。",
            "The page is out of date: reload it and try again.");
        return false;
    }
    return true;
}
