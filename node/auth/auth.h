/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Passwords, sessions, roles, CSRF. Sessions live in the catalog and, for the guard, in memory.
 */
#ifndef NODE_AUTH_AUTH_H
#define NODE_AUTH_AUTH_H

#include "catalog/catalog.h"
#include "node/http/http.h"

struct auth;

struct auth_params {
    /* Used during auth_open() only: sessions that are still valid. NULL: none (`terrace routes`).
     */
    struct catalog *catalog;
    int64_t session_ms;  /* 0: 12 h */
    bool metrics_public; /* /metrics without a login from everywhere, not from loopback alone */
    /* Logging in, and what needs a login, over TLS only, except from loopback: without it GETs of
     * pages are redirected, all else is refused with 403. */
    bool need_tls;
    /* Shows the login page in answer to a page route, with 401, or 403 to an account that may not
     * open it: the web module's, wired by node.c. */
    void (*login_page)(struct http_request *req, int status, void *ctx);
    void *login_page_ctx;
};
int auth_open(struct auth **out, const struct auth_params *params); /* 0 or a negative errno */
void auth_close(struct auth **auth);
/* Reads the sessions anew, so that what another process ended (user rm, passwd) ends here too.
 * node.c calls it on the main thread every few seconds: that is how long an ended session may live
 * on. 0, or -EIO: those in memory stay. */
int auth_refresh(struct auth *auth, struct catalog *catalog);
/* POST /api/login, POST /api/logout, GET /api/session. */
struct http_route_set auth_routes(struct auth *auth);
/* The guard for http_server_params; ctx is the struct auth *. Unsafe methods with a session cookie
 * need the header X-CSRF-Token, on every route except /api/login. */
bool auth_guard(struct http_request *req, const struct http_route *route, void *ctx);
/* Whether who asked this is still logged in, and may still ask it. Any thread. */
bool auth_still_allowed(
    const struct http_request *req, const struct http_route *route, const struct auth *auth);

/* argon2id in libsodium's text form into out[128]; takes about 0.1 s and 64 MiB: not on a loop. 0
 * or -ENOMEM. */
int auth_hash_password(const char *password, char *out);
/* Whether a password is good enough to be set; else a sentence in *why_zh, *why_en. Pure. */
bool auth_password_acceptable(const char *password, const char **why_zh, const char **why_en);

#endif
