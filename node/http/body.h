/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a request's body: collected, streamed with back pressure, or thrown away. Nothing here
 * responds: a body that must be refused is reported with its status. Call these on the loop's
 * thread only. */
#ifndef NODE_HTTP_BODY_H
#define NODE_HTTP_BODY_H

#include "node/http/exchange.h"

/* Prepares the body of a request whose head was parsed. Returns 0 or -ENOMEM. */
int body_open(struct http_request *req);

/* Frees what the body holds. */
void body_free(struct http_body *body);

/* Takes one step. Returns 0 if there was nothing to do, 1 if something was done, or the status
 * (400, 413, 500) that the request must be answered with. */
int body_step(struct http_request *req);

/* Ends a stream that will not reach its end: calls on_data with data NULL and end false. Does
 * nothing if the body is not being streamed. */
void body_abort(struct http_request *req);

/* From now on body_step() throws away what still comes. If memory runs out, the connection closes
 * after the response instead. */
void body_discard(struct http_request *req);

/* Whether the connection can be kept, because the rest of the body can be read and thrown away.
 * False if the body is malformed, if the rest is too long, or if the peer still waits for "100
 * Continue". */
bool body_discardable(const struct http_request *req);

#endif
