/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/defer.h"

#include <stdlib.h>
#include <string.h>

#include "node/http/body.h"
#include "node/http/extents.h"
#include "node/http/stream.h"

/* A request has room for one task from its beginning, so that nothing fails when it is deferred. */
struct request_block {
    struct http_request req; /* the first member: it is freed as the block */
    struct deferred spare;
};

struct http_request *request_new(struct http_conn *conn)
{
    struct request_block *block = calloc(1, sizeof(*block));
    if (!block)
        return NULL;
    struct http_request *req = &block->req;
    req->spare = &block->spare;
    req->conn = conn;
    req->loop = conn->loop;
    req->address = conn->address;
    address_hold_again(req->address);
    req->secure = conn->socket.secure;
    memcpy(req->peer, conn->peer, sizeof(req->peer));
    return req;
}

bool request_find_client(struct http_request *req)
{
    struct http_conn *conn = req->conn;
    const struct http_server_params *params = &req->loop->server->params;
    req->forwarded = conn->proxied || req->head.forwarded;
    if (!conn->from_proxy)
        return true;
    struct forwarded said = {.secure = req->secure};
    memcpy(said.client, conn->proxy, sizeof(said.client));
    forwarded_read(&req->head, params->proxy_says, &params->trusted_proxies, &said);
    struct http_address *address = address_hold(req->loop->addresses, said.client);
    if (!address)
        return false;
    address_release(req->loop->addresses, req->address);
    req->address = address;
    req->secure |= said.secure;
    memcpy(req->peer, said.client, sizeof(req->peer));
    memcpy(conn->peer, said.client, sizeof(conn->peer)); /* for the monitor and the scheduler */
    return true;
}

void request_free(struct http_request *req)
{
    request_stop_timer(req);
    extents_release(req);
    body_free(&req->body);
    http_head_free(&req->head);
    buf_free(&req->headers);
    free(req->args);
    free(req->user);
    free(req->etag);
    address_release(req->loop->addresses, req->address);
    free(req);
}

static void run_deferred(struct pool_task *task, void *thread_ctx)
{
    struct deferred *deferred = (struct deferred *)task;
    struct http_loop *loop = deferred->loop;
    deferred->work(thread_ctx, deferred->arg);
    pthread_mutex_lock(&loop->lock);
    *loop->posted_last = deferred;
    loop->posted_last = &deferred->next;
    /* The loop is woken while the lock is held: after it has seen its last task, the loop may end. */
    loop_wake(loop);
    pthread_mutex_unlock(&loop->lock);
}

void http_request_defer(struct http_request *req, http_work_fn work, http_done_fn done, void *task)
{
    struct deferred *deferred = req->spare ? req->spare : calloc(1, sizeof(*deferred));
    /* There is no memory for a second task beside the first. done() must be called, but without
     * work() it has no result. So the process ends. */
    if (!deferred) {
        server_log(req->loop->server, "out of memory: deferred work can't be queued");
        abort();
    }
    req->spare = NULL;
    *deferred = (struct deferred){0};
    deferred->task.run = run_deferred;
    deferred->task.lane = request_lane(req);
    deferred->task.client = req->address->key;
    deferred->req = req;
    deferred->loop = req->loop;
    deferred->work = work;
    deferred->done = done;
    deferred->arg = task;
    req->deferred++;
    pool_submit(req->loop->server->pool, &deferred->task);
}

/* Ends a request whose connection is gone. on_data and on_close may defer once more; then this
 * function is called again after that work. */
static void end_abandoned(struct http_request *req)
{
    body_abort(req);
    stream_close(req);
    if (req->deferred > 0)
        req->loop->abandoned++;
    else
        request_free(req);
}

struct http_conn *deferred_finish(struct deferred *deferred)
{
    struct http_request *req = deferred->req;
    http_done_fn done = deferred->done;
    void *task = deferred->arg;
    /* done() may defer again, so the room is free before. */
    if (deferred == &((struct request_block *)(void *)req)->spare)
        req->spare = deferred;
    else
        free(deferred);
    done(req, task);
    req->deferred--;
    if (req->conn)
        return req->conn;
    if (req->deferred == 0) {
        req->loop->abandoned--;
        end_abandoned(req);
    }
    return NULL;
}

void request_abandon(struct http_request *req)
{
    req->conn = NULL;
    request_stop_timer(req);
    if (req->deferred > 0)
        req->loop->abandoned++;
    else
        end_abandoned(req);
}
