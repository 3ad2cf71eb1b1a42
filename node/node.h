/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A node: wires catalog, store, HTTP and all modules together and runs until it is told to stop. */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "node/config.h"
#include "node/http/http.h"

#define NODE_MESSAGE_BYTES 4608 /* a path and a sentence */

struct node_params {
    const struct config *config;
    const char *data; /* the data folder; created if it isn't there */
    /* Called once when requests are answered, with the node's URL, or both of them
     * ("http://127.0.0.1:8080 and https://127.0.0.1:8443"). May be NULL. */
    void (*on_listening)(void *ctx, const char *urls);
    void *ctx;
};

/*
 * Runs a node on the calling thread, which should be the main one: SIGTERM and SIGINT stop it
 * cleanly within some seconds. 0 after such a stop; else a negative errno, and message holds one
 * line for people.
 */
int node_run(const struct node_params *params, char *message, size_t message_bytes);

/* Calls each(ctx, route) for every route that a node answers, in their order, without data folder
 * or server. 0 or a negative errno with one line in message. */
int node_each_route(void (*each)(void *ctx, const struct http_route *route), void *ctx,
    char *message, size_t message_bytes);

#endif
