/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Open-ended responses, and the timers that feed them: see http_stream_start() in http.h. Call
 * these on the loop's thread only. */
#ifndef NODE_HTTP_STREAM_H
#define NODE_HTTP_STREAM_H

#include "node/http/exchange.h"

/* Calls on_close, unless there is none or it was called before. */
void stream_close(struct http_request *req);

#endif
