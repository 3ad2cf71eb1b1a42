/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deferred work, and the life of a request, which lasts until its deferred work is done. Call these
 * on the loop's thread only. */
#ifndef NODE_HTTP_DEFER_H
#define NODE_HTTP_DEFER_H

#include "node/http/exchange.h"
#include "node/util/pool.h"

/* A task on its way through the pool and back to the loop. */
struct deferred {
    struct pool_task task; /* must be first, because the pool's pointer to it is cast to struct
                            * deferred */
    struct deferred *next;
    struct http_request *req;
    struct http_loop *loop;
    http_work_fn work;
    http_done_fn done;
    void *arg;
};

/* Makes a request for the connection. NULL: out of memory. */
struct http_request *request_new(struct http_conn *conn);

/* Finds out who sent the request whose head has just been parsed: a trusted proxy may speak for its
 * client. Returns false if memory runs out. */
bool request_find_client(struct http_request *req);

/* Frees a request that has no deferred work. */
void request_free(struct http_request *req);

/* Separates the request from its connection, which is ending. Tells the handler and frees the
 * request as soon as its deferred work is done. */
void request_abandon(struct http_request *req);

/* Calls done() and frees *deferred. Returns the connection that conn_run() is due for, or NULL if
 * it is gone. */
struct http_conn *deferred_finish(struct deferred *deferred);

#endif
