/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/defer.h"

#include <stdlib.h>
#include <string.h>

#include "node/http/body.h"
#include "node/http/extents.h"
#include "node/http/stream.h"

struct http_request *request_new(struct http_conn *conn)
{
    struct http_request *req = calloc(1, sizeof(*req));
    if (!req)
        return NULL;
    req->conn = conn;
    req->loop = conn->loop;
    req->secure = conn->socket.secure;
    memcpy(req->peer, conn->peer, sizeof(req->peer));
    return req;
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
    /* Within the lock: once the loop has seen the last of these it may end. */
    loop_wake(loop);
    pthread_mutex_unlock(&loop->lock);
}

void http_request_defer(struct http_request *req, http_work_fn work, http_done_fn done, void *task)
{
    struct deferred *deferred = calloc(1, sizeof(*deferred));
    /* done() is promised, and without work() it has no result to look at. */
    if (!deferred) {
        server_log(req->loop->server, "out of memory: deferred work can't be queued");
        abort();
    }
    deferred->task.run = run_deferred;
    deferred->req = req;
    deferred->loop = req->loop;
    deferred->work = work;
    deferred->done = done;
    deferred->arg = task;
    req->deferred++;
    pool_submit(req->loop->server->pool, &deferred->task);
}

/* What is left to do for a request whose connection is gone. Those who are told so may defer once
 * more: then this comes again. */
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
    deferred->done(req, deferred->arg);
    free(deferred);
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
