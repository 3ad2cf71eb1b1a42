/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/answer/answer.h"
#include "node/auth/auth.h"
#include "node/auth/auth_internal.h"
#include "node/util/clock.h"
#include "node/util/log.h"

#define MAX_BODY_BYTES 4096
#define PASSWORD_BYTES 1025
/* So many logins are checked at the same time at most, because each occupies a pool thread for a
 * while and needs 64 MiB. One of them is kept for users who log in from where they did before. */
#define MAX_LOGINS 3
#define MAX_STRANGE_LOGINS (MAX_LOGINS - 1)

/* A login on its way through the pool. */
struct login {
    struct auth *auth;
    char name[65], password[PASSWORD_BYTES];
    char network[HTTP_NETWORK_BYTES];
    bool accepted;
    int error; /* of the catalog; if it is set, the login was neither accepted nor refused */
    char token[AUTH_TOKEN_BYTES];
    struct catalog_session session;
};

static void random_hex(char *out)
{
    uint8_t random[32];
    randombytes_buf(random, sizeof(random));
    sodium_bin2hex(out, AUTH_TOKEN_BYTES, random, sizeof(random));
}

/* ---- in the pool ---- */

/* Verifies the password. For an unknown name it hashes the password, which takes about as long as
 * verifying one, so that the time does not reveal whether the name exists. */
static bool verify(struct catalog *catalog, struct login *login, int *role)
{
    struct catalog_users users;
    char unused[crypto_pwhash_STRBYTES];
    login->error = catalog_user_get(catalog, login->name, &users);
    if (login->error == CATALOG_ENOTFOUND) {
        login->error = CATALOG_OK;
        (void)auth_hash_password(login->password, unused);
        return false;
    }
    if (login->error != CATALOG_OK)
        return false;
    *role = users.items[0].role;
    bool fits = crypto_pwhash_str_verify(
                    users.items[0].password_hash, login->password, strlen(login->password)) == 0;
    catalog_users_free(&users);
    return fits;
}

static void work_login(void *thread_ctx, void *task)
{
    struct login *login = task;
    struct catalog *catalog = thread_ctx;
    int role = 0;
    if (!catalog) {
        login->error = CATALOG_EIO;
        return;
    }
    if (!verify(catalog, login, &role))
        return;
    struct catalog_session *session = &login->session;
    random_hex(login->token);
    random_hex(session->csrf);
    sessions_token_hash(login->token, session->token_sha256);
    snprintf(session->user, sizeof(session->user), "%s", login->name);
    session->role = role;
    int64_t offset_ms;
    do {
        offset_ms = atomic_load(&login->auth->clock_offset_ms);
        int64_t now_ms = clock_mono_ms() + offset_ms;
        session->expires_ms = now_ms + login->auth->session_ms;
        login->error = catalog_session_add(catalog, session, login->network, now_ms);
        /* Again, if the clock was set meanwhile: it is not known whether this session was moved. */
    } while (login->error == CATALOG_OK && offset_ms != atomic_load(&login->auth->clock_offset_ms));
    session->expires_ms -= offset_ms; /* in memory it is monotonic */
    login->accepted = login->error == CATALOG_OK;
}

/* ---- on the loop ---- */

static void respond_session(
    struct http_request *req, const char *name, const char *role, const char *csrf)
{
    json_t *json = json_pack("{s:s, s:s, s:s}", "name", name, "role", role, "csrf", csrf);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    http_response_header(req, "Cache-Control", "no-store");
    if (text)
        http_respond(req, 200, "application/json", text, strlen(text));
    else
        http_respond_error(
            req, 503, "out_of_memory", "服务器内存不足。", "The server is short of memory.");
    free(text);
    json_decref(json);
}

static void forget_login(struct login *login)
{
    sodium_memzero(login, sizeof(*login));
    free(login);
}

static void respond_unavailable(struct http_request *req, int error)
{
    static const struct answer_text texts[] = {
        {CATALOG_EFULL, 507, "disk_full", "服务器磁盘已满，暂时做不了。请告诉技术员。",
            "The server's disk is full, so this can't be done now: tell a technician."},
        {ANSWER_ANY_ERROR, 503, "unavailable", "服务器暂时做不了，请稍后再试。",
            "The server can't do this right now. Try again later."},
    };
    answer_error(req, error, texts, sizeof(texts) / sizeof(texts[0]));
}

/* Sets the session cookie. One that was set over TLS is never sent without TLS. */
static void set_cookie(struct http_request *req, const char *token, int64_t max_age_s)
{
    http_response_headerf(req, "Set-Cookie",
        "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%" PRId64 "%s", auth_cookie_name(req),
        token, max_age_s, http_request_secure(req) ? "; Secure" : "");
}

static void accept_login(struct http_request *req, struct login *login)
{
    struct auth *auth = login->auth;
    guesses_succeeded(auth->guesses, login->name, login->network);
    if (sessions_add(auth->sessions, &login->session) < 0) {
        http_respond_error(
            req, 503, "out_of_memory", "服务器内存不足。", "The server is short of memory.");
        return;
    }
    set_cookie(req, login->token, auth->session_ms / 1000);
    respond_session(
        req, login->session.user, catalog_role_name(login->session.role), login->session.csrf);
}

static void done_login(struct http_request *req, void *task)
{
    struct login *login = task;
    atomic_fetch_sub(&login->auth->logins, 1);
    if (login->accepted) {
        accept_login(req, login);
    } else if (login->error != CATALOG_OK) {
        guesses_undo(login->auth->guesses, login->name, login->network);
        respond_unavailable(req, login->error);
    } else {
        log_write(LOG_WARN, "auth", "failed login from %s", http_request_peer(req));
        http_respond_error(
            req, 401, "wrong_password", "用户名或密码不对。", "The name or the password is wrong.");
    }
    forget_login(login);
}

/* Whether the request comes from our own page or from a program. Other sites must not log anybody
 * in. An origin is scheme, host and port (RFC 6454); host and port are compared with the header
 * Host. */
static bool from_our_page(const struct http_request *req)
{
    const char *origin = http_request_header(req, "Origin"),
               *host = http_request_header(req, "Host");
    if (!origin)
        return true; /* no browser: current browsers send Origin with every POST */
    const char *authority = strstr(origin, "://");
    return authority && host && strcmp(authority + 3, host) == 0;
}

/* Whether the body claims to be JSON. A page of another site can't send that type without asking
 * first (Fetch, CORS-safelisted request headers), also in browsers that send no Origin. */
static bool says_json(const struct http_request *req)
{
    static const char json[] = "application/json";
    const char *type = http_request_header(req, "Content-Type");
    return type && strncasecmp(type, json, sizeof(json) - 1) == 0 &&
           strchr("; \t", type[sizeof(json) - 1]);
}

static void ask_to_wait(struct http_request *req, int64_t wait_ms)
{
    http_response_headerf(req, "Retry-After", "%" PRId64, (wait_ms + 999) / 1000);
    http_respond_error(req, 429, "too_many_attempts", "登录失败次数太多，请稍等再试。",
        "Too many failed logins: wait a little and try again.");
}

/* Whether a login may be tried now. If not, the request is answered with 503 if too many logins are
 * being checked, or with 429 after too many failures. */
static bool may_try(struct auth *auth, struct http_request *req, const struct login *login)
{
    bool known = guesses_known(auth->guesses, login->name, login->network);
    if (atomic_fetch_add(&auth->logins, 1) >= (known ? MAX_LOGINS : MAX_STRANGE_LOGINS)) {
        atomic_fetch_sub(&auth->logins, 1);
        http_response_header(req, "Retry-After", "1");
        http_respond_error(req, 503, "busy", "正在登录的人太多，请稍后再试。",
            "Too many people are logging in: try again in a moment.");
        return false;
    }
    int64_t wait_ms = guesses_begin(auth->guesses, login->name, login->network, clock_mono_ms());
    if (wait_ms == 0)
        return true;
    atomic_fetch_sub(&auth->logins, 1);
    ask_to_wait(req, wait_ms);
    return false;
}

static void on_login_body(struct http_request *req, char *data, size_t data_bytes, void *ctx)
{
    struct auth *auth = ctx;
    const char *name = NULL, *password = NULL;
    json_t *json = json_loadb(data, data_bytes, 0, NULL);
    struct login *login = calloc(1, sizeof(*login));
    bool read = json && login &&
                json_unpack(json, "{s:s, s:s}", "name", &name, "password", &password) == 0 &&
                strlen(name) < sizeof(login->name) && strlen(password) < sizeof(login->password);
    if (read) {
        login->auth = auth;
        snprintf(login->name, sizeof(login->name), "%s", name);
        snprintf(login->password, sizeof(login->password), "%s", password);
        http_request_network(req, login->network);
    }
    if (!read) {
        http_respond_error(req, 400, "bad_request", "请求格式不对。", "The request is malformed.");
    } else if (!says_json(req)) {
        http_respond_error(req, 415, "wrong_type", "请求要用 JSON 格式。",
            "The body must be JSON (Content-Type: application/json).");
    } else if (may_try(auth, req, login)) {
        http_request_defer(req, work_login, done_login, login);
        login = NULL;
    }
    if (login)
        forget_login(login);
    json_decref(json);
    sodium_memzero(data, data_bytes);
}

void auth_login(struct http_request *req, void *ctx)
{
    if (!from_our_page(req))
        http_respond_error(req, 403, "foreign_origin", "请从本站的登录页登录。",
            "Log in from this site's own login page.");
    else
        http_request_read(req, MAX_BODY_BYTES, on_login_body, ctx);
}

/* ---- logging out ---- */

struct logout {
    struct auth *auth;
    char token_sha256[65];
    int error;
};

static void work_logout(void *thread_ctx, void *task)
{
    struct logout *logout = task;
    logout->error =
        thread_ctx ? catalog_session_remove(thread_ctx, logout->token_sha256) : CATALOG_EIO;
}

static void done_logout(struct http_request *req, void *task)
{
    const struct logout *logout = task;
    if (logout->error == CATALOG_OK || logout->error == CATALOG_ENOTFOUND) {
        sessions_remove(logout->auth->sessions, logout->token_sha256);
        set_cookie(req, "", 0);
        http_respond_empty(req, 204);
    } else {
        respond_unavailable(req, logout->error); /* the session stays valid */
    }
    free(task);
}

void auth_logout(struct http_request *req, void *ctx)
{
    struct auth *auth = ctx;
    char token[AUTH_TOKEN_BYTES];
    struct logout *logout = calloc(1, sizeof(*logout));
    if (!logout || http_request_cookie(req, auth_cookie_name(req), token, sizeof(token)) < 0) {
        free(logout);
        http_respond_error(
            req, 503, "out_of_memory", "服务器内存不足。", "The server is short of memory.");
        return;
    }
    logout->auth = auth;
    sessions_token_hash(token, logout->token_sha256);
    http_request_defer(req, work_logout, done_logout, logout);
}

void auth_session(struct http_request *req, void *ctx)
{
    (void)ctx;
    const struct http_user *user = http_request_user(req);
    respond_session(req, user->name, user->role, user->csrf);
}
