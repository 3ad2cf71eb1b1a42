/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditional requests (RFC 9110 section 13). Pure. */
#ifndef NODE_HTTP_PARSE_CONDITION_H
#define NODE_HTTP_PARSE_CONDITION_H

#include "node/http/parse/head.h"

/* What is known of the representation that a request is about. */
struct http_validators {
    const char *etag;   /* with its quotes, perhaps weak; NULL: none */
    int64_t modified_s; /* Last-Modified, in seconds since 1970; 0: unknown */
};

enum http_condition {
    HTTP_CONDITION_HOLDS,  /* or there is none: go on */
    HTTP_NOT_MODIFIED,     /* 304 */
    HTTP_CONDITION_FAILED, /* 412 */
};

/* Weighs If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since of a GET or HEAD in the
 * order of section 13.2.2. now_s: see http_date_parse(). */
enum http_condition http_condition_check(
    const struct http_head *head, const struct http_validators *validators, int64_t now_s);
/* Whether If-Match names a tag, where the resource has none: then a method must not be performed
 * (section 13.1.1). "*" asks for no more than that the resource is there. */
bool http_condition_names_tags(const struct http_head *head);
/* Whether a Range header counts: there is no If-Range, or its tag or date is exactly the
 * representation's (section 13.1.5). What changes more than once a second must have no modified_s.
 */
bool http_if_range_holds(
    const struct http_head *head, const struct http_validators *validators, int64_t now_s);

/* Whether a list of entity tags, or "*", holds etag: by the weak comparison of section 8.8.3.2, or
 * the strong one. */
bool http_etag_listed(const char *list, const char *etag, bool strongly);

#endif
