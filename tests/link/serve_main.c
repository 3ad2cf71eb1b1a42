/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *   link_serve ADDRESS:PORT FILE WINDOW_MS
 *
 * Serves one file as /file with the node's HTTP server, until SIGTERM. The server gives up a peer
 * that does not make progress within the window. The node's own window is a minute, which is too
 * long for tests. With OLD_KERNEL in the environment, it behaves as on a kernel before Linux 6.15.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/http/http.h"

static void on_file(struct http_request *req, void *ctx)
{
    const struct http_file file = {
        .path = ctx, .length_bytes = -1, .content_type = "video/mp4", .etag = "\"file\""};
    if (http_respond_file(req, &file) < 0)
        http_respond_empty(req, 500);
}

static void on_log(void *ctx, const char *message)
{
    (void)ctx;
    fprintf(stderr, "%s\n", message);
}

int main(int argc, char **argv)
{
    static const struct http_route route = {
        .methods = HTTP_GET, .pattern = "/file", .handle = on_file};
    struct http_route_set routes = {&route, 1, NULL};
    struct http_server_params params = {.loops = 1,
        .route_sets = &routes,
        .route_set_count = 1,
        .congestion = "bbr",
        .log = on_log};
    struct http_server *server;
    char message[256];
    sigset_t ends;
    int got;
    if (argc != 4) {
        fputs("usage: link_serve ADDRESS:PORT FILE WINDOW_MS\n", stderr);
        return 2;
    }
    params.listen = argv[1];
    routes.ctx = argv[2];
    params.progress_window_ms = strtol(argv[3], NULL, 10);
    params.old_kernel = getenv("OLD_KERNEL") != NULL;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    if (http_server_open(&server, &params, message, sizeof(message)) < 0) {
        fprintf(stderr, "%s\n", message);
        return 1;
    }
    puts("listening");
    fflush(stdout);
    sigwait(&ends, &got);
    http_server_close(&server, 0);
    return 0;
}
