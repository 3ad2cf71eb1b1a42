/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request targets, percent-encoding, queries and cookies. Pure. */
#ifndef NODE_HTTP_PARSE_TARGET_H
#define NODE_HTTP_PARSE_TARGET_H

#include <stdbool.h>
#include <stddef.h>

/* Part of a longer text; not NUL-terminated. */
struct http_span {
    const char *at;
    size_t bytes;
};

struct http_target {
    struct http_span authority; /* set for the absolute form, else empty */
    const char *query; /* raw, without '?', up to the end of the target; "" if there is none */
};

/* Splits a request target (RFC 9112 section 3.2): the origin form, the absolute form with http or
 * https, or "*". path needs room for target_bytes + 2. It gets the path with a NUL, percent-decoded
 * and without "//", "." and "..". Returns 0; or -EBADMSG for any other form, an invalid host, bad
 * escapes, control bytes, invalid UTF-8, a fragment, or dots that lead above the root. */
int http_target_parse(const char *target, size_t target_bytes, char *path, struct http_target *out);

/* Whether text is a valid Host: a name, an IPv4 address or an [IPv6] address, with an optional port
 * (RFC 9110 section 7.2). */
bool http_host_valid(const char *host, size_t host_bytes);

/* Decodes one parameter of an application/x-www-form-urlencoded query into out, with a NUL. Returns
 * its length; -1 if the parameter is absent, too long for out, badly escaped, or contains a NUL. */
int http_query_param(const char *query, const char *name, char *out, size_t out_bytes);

/* Copies one cookie of a Cookie header into out, with a NUL (RFC 6265 section 4.2; values are not
 * decoded). Returns its length; -1 if the cookie is absent or too long for out. */
int http_cookie_value(const char *header, const char *name, char *out, size_t out_bytes);

#endif
