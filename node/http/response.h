/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Responses: heads, bodies from memory, errors. Call these on the loop's thread only. */
#ifndef NODE_HTTP_RESPONSE_H
#define NODE_HTTP_RESPONSE_H

#include "node/http/exchange.h"

/* Whether the request can be answered. False if it has an answer already (which is logged), or if
 * the peer is gone (then the request counts as answered). */
bool response_begin(struct http_request *req);

/* Writes the status line and the headers. length_bytes -1: no Content-Length. content_type may be
 * NULL. */
void response_head(
    struct http_request *req, int status, const char *content_type, int64_t length_bytes);

/* Marks the response as complete. What is in the output is still being sent. */
void response_end(struct http_request *req);

/* Answers with the usual error text of a status. */
void respond_status(struct http_request *req, int status);

/* Answers with 412. Headers that were added for another answer are dropped. */
void respond_precondition_failed(struct http_request *req);

#endif
