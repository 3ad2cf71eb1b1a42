/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request targets, percent-encoding, queries and cookies. Pure. */
#ifndef NODE_HTTP_PARSE_TARGET_H
#define NODE_HTTP_PARSE_TARGET_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of somebody else's text. */
struct http_span {
    const char *at;
    size_t bytes;
};

struct http_target {
    struct http_span authority; /* of the absolute form, else empty */
    const char *query; /* raw, without '?': it reaches to the target's end; "" if there is none */
};

/*
 * Takes a request target (RFC 9112 section 3.2: origin form, absolute form with http or https, or
 * "*") apart. path has room for target_bytes + 2 and gets the path, percent-decoded, without "//",
 * "." and "..", NUL-terminated. 0; -EBADMSG: bad escapes, control bytes, no UTF-8, a fragment, dots
 * that climb out of the root.
 */
int http_target_parse(const char *target, size_t target_bytes, char *path, struct http_target *out);

/* Whether text is a Host: name, IPv4 or [IPv6], with an optional port (RFC 9110 section 7.2). */
bool http_host_valid(const char *host, size_t host_bytes);

/* Decodes a parameter of an application/x-www-form-urlencoded query into out, NUL-terminated. Its
 * length; -1: absent, too long for out_bytes, badly escaped, or with a NUL in it. */
int http_query_param(const char *query, const char *name, char *out, size_t out_bytes);

/* The same for a cookie in a Cookie header's value (RFC 6265 section 4.2; the value is taken as it
 * stands). */
int http_cookie_value(const char *header, const char *name, char *out, size_t out_bytes);

#endif
