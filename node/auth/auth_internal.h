/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the files of node/auth alone. */
#ifndef NODE_AUTH_AUTH_INTERNAL_H
#define NODE_AUTH_AUTH_INTERNAL_H

#include <stdatomic.h>

#include "node/auth/guesses.h"
#include "node/auth/sessions.h"
#include "node/http/http.h"

#define AUTH_TOKEN_BYTES 65 /* 64 hex digits and the NUL */

struct auth {
    int64_t session_ms;
    bool metrics_public, need_tls;
    void (*login_page)(struct http_request *req, int status, void *ctx);
    void *login_page_ctx;
    struct sessions *sessions;
    struct guesses *guesses;
    /* Wall time minus monotonic time, by which sessions are stored. It follows the clock in
     * auth_refresh(). */
    atomic_llong clock_offset_ms;
    atomic_int logins; /* logins that the pool is checking */
};

/* The name of the session's cookie. Over TLS it has the prefix that keeps other hosts of the domain,
 * and pages without TLS, from setting it (RFC 6265bis section 4.1.3.2). */
const char *auth_cookie_name(const struct http_request *req);

/* Handlers in login.c; ctx is the struct auth *. */
void auth_login(struct http_request *req, void *ctx);
void auth_logout(struct http_request *req, void *ctx);
void auth_session(struct http_request *req, void *ctx);

#endif
