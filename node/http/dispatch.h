/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a request's head to its handler. Call these on the loop's thread only. */
#ifndef NODE_HTTP_DISPATCH_H
#define NODE_HTTP_DISPATCH_H

#include "node/http/exchange.h"

/* Finds the route, checks who may use it, and calls its handler; or answers itself. */
void request_dispatch(struct http_request *req);

#endif
