/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditional requests (RFC 9110 section 13). Pure. */
#ifndef NODE_HTTP_PARSE_CONDITION_H
#define NODE_HTTP_PARSE_CONDITION_H

#include "node/http/parse/head.h"

/* The validators of the representation that a request asks for. */
struct http_validators {
    const char *etag;   /* with its quotes, possibly weak; NULL: none */
    int64_t modified_s; /* Last-Modified, in seconds since 1970; 0: unknown */
};

enum http_condition {
    HTTP_CONDITION_HOLDS,  /* the condition is true, or there is none: continue */
    HTTP_NOT_MODIFIED,     /* answer with 304 */
    HTTP_CONDITION_FAILED, /* answer with 412 */
};

/* Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since of a GET or HEAD in
 * the order of section 13.2.2. now_s: see http_date_parse(). */
enum http_condition http_condition_check(
    const struct http_head *head, const struct http_validators *validators, int64_t now_s);
/* Whether there is an If-Match other than "*", so one that lists entity tags or is malformed. For a
 * resource that has no tag, such a condition is false and the method must not be performed (section
 * 13.1.1). "*" only requires that the resource exists, so it does not count. */
bool http_condition_names_tags(const struct http_head *head);
/* Whether a Range header must be obeyed: there is no If-Range, or its tag or date is exactly that
 * of the representation (section 13.1.5). A representation that can change more than once a second
 * must have modified_s 0. */
bool http_if_range_holds(
    const struct http_head *head, const struct http_validators *validators, int64_t now_s);

/* Whether a list of entity tags contains etag, or is "*". strongly selects the strong comparison of
 * section 8.8.3.2 instead of the weak one. */
bool http_etag_listed(const char *list, const char *etag, bool strongly);

#endif
