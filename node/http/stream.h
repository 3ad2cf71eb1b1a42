/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Open-ended responses, and the timers that feed them: see http_stream_start() in http.h. One
 * loop's thread. */
#ifndef NODE_HTTP_STREAM_H
#define NODE_HTTP_STREAM_H

#include "node/http/exchange.h"

/* Calls on_close, once. */
void stream_close(struct http_request *req);

#endif
