/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/api/terminal_site.h"

#include <inttypes.h>
#include <jansson.h>
#include <strings.h>

#include "node/answer/answer.h"
#include "node/link/link.h"

#define MAX_BODY_BYTES 1024
/* A year. Each GET /api/terminal renews the cookie. */
#define COOKIE_S (365 * 24 * 3600)

/* Scripts can't read the cookie. Over TLS it is Secure. */
static void set_cookie(struct http_request *req, const char *token)
{
    http_response_headerf(req, "Set-Cookie",
        "site=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s", token, COOKIE_S,
        http_request_secure(req) ? "; Secure" : "");
}

void api_show_terminal(struct http_request *req, void *ctx)
{
    struct link *link = ctx;
    char name[SITE_NAME_BYTES], token[SITE_TOKEN_BYTES];
    int64_t bps = link_estimate_bps(req, link);
    link_site_name(req, link, name);
    http_response_header(req, "Cache-Control", "no-store");
    if (http_request_cookie(req, "site", token, sizeof(token)) > 0 &&
        link_token_generated(link, token))
        set_cookie(req, token);
    answer_json(req, json_pack("{s:o, s:o}", "link_bps", bps > 0 ? json_integer(bps) : json_null(),
                         "site", name[0] ? json_string(name) : json_null()));
}

static void ask_to_wait(struct http_request *req, int64_t wait_ms)
{
    http_response_headerf(req, "Retry-After", "%" PRId64, (wait_ms + 999) / 1000);
    http_respond_error(req, 429, "too_many_attempts", "输错的次数太多，请过一会儿再试。",
        "Too many wrong codes: try again in a while.");
}

/* A page of another site can't send this type without asking first, so it can't use up the wrong
 * codes that are free. */
static bool says_json(const struct http_request *req)
{
    static const char json[] = "application/json";
    const char *type = http_request_header(req, "Content-Type");
    return type && strncasecmp(type, json, sizeof(json) - 1) == 0;
}

static void on_code(struct http_request *req, char *data, size_t data_bytes, void *ctx)
{
    struct link_site_proof proof;
    const char *code = NULL;
    json_t *json = json_loadb(data, data_bytes, 0, NULL);
    http_response_header(req, "Cache-Control", "no-store");
    if (!json || json_unpack(json, "{s:s}", "code", &code) < 0) {
        http_respond_error(req, 400, "bad_request", "请求格式不对。", "The request is malformed.");
        json_decref(json);
        return;
    }
    switch (link_take_code(ctx, http_request_peer(req), code, &proof)) {
    case LINK_CODE_RIGHT:
        set_cookie(req, proof.token);
        answer_json(req, json_pack("{s:s}", "site", proof.name));
        break;
    case LINK_CODE_WRONG:
        http_respond_error(req, 403, "wrong_code",
            "代码不对，或已过期、已用过。请向技术员要一个新的。",
            "The code is wrong, used or expired. Ask the technician for a new one.");
        break;
    case LINK_CODE_WAIT:
        ask_to_wait(req, proof.wait_ms);
        break;
    }
    json_decref(json);
}

void api_take_site_code(struct http_request *req, void *ctx)
{
    if (says_json(req))
        http_request_read(req, MAX_BODY_BYTES, on_code, ctx);
    else
        http_respond_error(req, 415, "wrong_type", "请求要用 JSON 格式。",
            "The body must be JSON (Content-Type: application/json).");
}
