/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/exchange.h"

#include <string.h>

/* One address may hold this part of the memory that responses may take. */
enum { ADDRESS_OUTPUT_PART = 4 };

bool conn_output_is_full(const struct http_conn *conn)
{
    const struct http_loop *loop = conn->loop;
    return loop->output_bytes > loop->max_output_bytes ||
           (!conn->from_proxy &&
               conn->address->output_bytes > loop->max_output_bytes / ADDRESS_OUTPUT_PART);
}

void conn_kick(struct http_conn *conn)
{
    if (conn->running || conn->kicked)
        return;
    conn->kicked = true;
    TAILQ_INSERT_TAIL(&conn->loop->kicked, conn, kick_link);
    event_active(conn->loop->kick, EV_TIMEOUT, 0);
}

void request_kick(struct http_request *req)
{
    if (req->conn)
        conn_kick(req->conn);
}

bool request_is_media(const struct http_request *req)
{
    return req->head.path &&
           strncmp(req->head.path, HTTP_MEDIA_PREFIX, strlen(HTTP_MEDIA_PREFIX)) == 0;
}

enum pool_lane request_lane(const struct http_request *req)
{
    if (request_is_media(req))
        return POOL_MEDIA;
    return req->route && (req->route->flags & HTTP_TAKES_LONG) ? POOL_LONG : POOL_API;
}

void request_stop_timer(struct http_request *req)
{
    if (req->timer)
        event_free(req->timer);
    req->timer = NULL;
}
