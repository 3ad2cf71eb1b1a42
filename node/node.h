/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A node: connects the catalog, the store, HTTP and all modules, and runs until it is told to
 * stop. */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "node/config.h"
#include "node/http/http.h"

#define NODE_MESSAGE_BYTES 4608 /* enough for a path and a sentence */

struct node_params {
    const struct config *config;
    const char *data; /* the data folder, which is created if it does not exist */
    /* Called once when the node answers requests, with its URL or URLs ("http://127.0.0.1:8080 and
     * https://127.0.0.1:8443"). May be NULL. */
    void (*on_listening)(void *ctx, const char *urls);
    void *ctx;
};

/* Runs a node on the calling thread, which should be the main thread. SIGTERM and SIGINT stop it
 * cleanly within a few seconds. Returns 0 after such a stop; or a negative errno with one line for
 * people in message. */
int node_run(const struct node_params *params, char *message, size_t message_bytes);

/* Calls each(ctx, route) for every route of a node, in the order in which routes are tried. Needs
 * no data folder and no server. Returns 0, or a negative errno with one line in message. */
int node_each_route(void (*each)(void *ctx, const struct http_route *route), void *ctx,
    char *message, size_t message_bytes);

#endif
