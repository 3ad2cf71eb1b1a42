/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of node/link. */
#ifndef NODE_LINK_LINK_INTERNAL_H
#define NODE_LINK_LINK_INTERNAL_H

#include <pthread.h>

#include "node/link/flows.h"
#include "node/link/link.h"
#include "node/link/sites.h"

enum { LINK_ROUTES = 5 };

struct link {
    pthread_mutex_t lock; /* for all but routes */
    struct flows *flows;
    struct sites sites; /* replaced by the main thread and the pool's */
    struct site_time local;
    int64_t local_ms; /* monotonic: when local was looked up; 0: never */
    struct http_route routes[LINK_ROUTES];
};

/* report.c: fills in the routes. */
void link_make_routes(struct link *link);
/* link.c: reads the sites anew. 0 or a negative errno. Any thread, with a catalog of its own. */
int link_load(struct link *link, struct catalog *catalog);

#endif
