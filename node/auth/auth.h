/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passwords, sessions, roles, and protection against forged requests (CSRF). Sessions are stored in
 * the catalog; the guard uses a copy in memory. */
#ifndef NODE_AUTH_AUTH_H
#define NODE_AUTH_AUTH_H

#include "catalog/catalog.h"
#include "node/http/http.h"

struct auth;

struct auth_params {
    /* Used only during auth_open(), to read the valid sessions. NULL: there are none (`terrace
     * routes`). */
    struct catalog *catalog;
    int64_t session_ms;  /* 0: 12 h */
    bool metrics_public; /* /metrics needs a login from no address; otherwise it needs one except
                         * from loopback */
    /* Require TLS for the login and for everything that needs a login, except from loopback and for
     * /metrics if that is public. Without TLS, a request for a page is redirected and everything
     * else is refused with 403. */
    bool need_tls;
    /* Answers a request for a page with the login page: with status 401, or 403 for an account
     * that may not open the page. Provided by the web module. NULL: such requests get the error
     * as JSON. */
    void (*login_page)(struct http_request *req, int status, void *ctx);
    void *login_page_ctx;
};
/* Returns 0 or a negative errno. */
int auth_open(struct auth **out, const struct auth_params *params);
void auth_close(struct auth **auth);
/* Reads the sessions again, so that sessions which another process ended (user rm, passwd) end here
 * as well. If somebody has set the clock, moves the ends of all sessions first, so that nobody is
 * logged out by that. node.c calls this every few seconds on the main thread, so such a session
 * ends here a few seconds later. Returns 0; or -EIO, and then the sessions in memory stay. */
int auth_refresh(struct auth *auth, struct catalog *catalog);
/* POST /api/login, POST /api/logout, GET /api/session. */
struct http_route_set auth_routes(struct auth *auth);
/* The guard for http_server_params; ctx is the struct auth *. Returns whether the request may go
 * on; if not, it is answered. A request of a valid session with an unsafe method needs the header
 * X-CSRF-Token, except on /api/login. */
bool auth_guard(struct http_request *req, const struct http_route *route, void *ctx);
/* Whether a request may still go on: its route is public, or its user is still logged in and still
 * has the role for it. Any thread. */
bool auth_still_allowed(
    const struct http_request *req, const struct http_route *route, const struct auth *auth);

/* Hashes a password with argon2id, in libsodium's text form, into out[128]. Takes about 0.1 s and
 * 64 MiB, so it must not run on a loop. Returns 0 or -ENOMEM. */
int auth_hash_password(const char *password, char *out);
/* Whether a password is good enough. If not, *why_zh and *why_en get a sentence. Pure. */
bool auth_password_acceptable(const char *password, const char **why_zh, const char **why_en);

#endif
