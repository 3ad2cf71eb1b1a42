/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The link scheduler: shares the county's uplink, and what sites and terminals may take, out among
 * the responses that are being sent; and remembers what each terminal's own link carries. What is
 * watched comes first, most of all where a player's buffer runs dry; then downloads.
 */
#ifndef NODE_LINK_LINK_H
#define NODE_LINK_LINK_H

#include "catalog/catalog.h"
#include "node/http/http.h"
#include "node/link/sites.h"

struct link;

/* Reads the sites once; catalog NULL: there are none. 0 or a negative errno. */
int link_open(struct link **out, struct catalog *catalog);
void link_close(struct link **link); /* accepts NULL */

/* For http_server_params.pace; ctx is the struct link *. Any thread. */
struct http_pace link_pace(const struct http_flow *flow, void *ctx);

/* False: the request is a download that the site may not have now, and was answered (503, with
 * Retry-After). A loop's thread; does not block. */
bool link_admit(struct http_request *req, struct link *link);

/* What the link to the asking terminal carries, in bit/s: what transfers to its address have shown
 * so far, and no more than the limits stated for it; 0: neither is known. For hls_params; ctx is
 * the struct link *. Any thread. */
int64_t link_estimate_bps(const struct http_request *req, void *ctx);

/* Every few seconds on the main thread, and when the node stops: writes what sites took, reads what
 * was changed (by another process too). */
void link_flush(struct link *link, struct catalog *catalog);

/* Reads the sites again after a change. Returns 0 or a negative errno, and then the old ones stay.
 * Any thread, with a catalog of its own. */
int link_reload(struct link *link, struct catalog *catalog);

/* Copies the name of the asking terminal's site into name[SITE_NAME_BYTES]; "" if it has none. Any
 * thread. */
void link_site_name(const struct http_request *req, struct link *link, char *name);

/* What a site's terminals take now. */
struct link_site_traffic {
    int responses;           /* that are being sent */
    int64_t given_bps;       /* of the uplink, by the scheduler */
    int64_t unwritten_bytes; /* sent today, and not in the catalog yet */
};

/* All zero for a site that is not known. Any thread. */
struct link_site_traffic link_site_traffic(struct link *link, int64_t site_id);

#endif
