/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link scheduler. It divides the county's uplink, and the limits of sites and terminals, among
 * the responses that are being sent. Viewing comes before downloads, and players whose buffer is
 * nearly empty come first. It also remembers what each terminal's link carries. */
#ifndef NODE_LINK_LINK_H
#define NODE_LINK_LINK_H

#include "catalog/catalog.h"
#include "node/http/http.h"
#include "node/link/sites.h"

struct link;

/* Opens the scheduler and reads the sites. catalog NULL: no sites. Returns 0 or a negative
 * errno. */
int link_open(struct link **out, struct catalog *catalog);
void link_close(struct link **link); /* accepts NULL in *link */

/* For http_server_params.pace; ctx is the struct link *. Any thread. */
struct http_pace link_pace(const struct http_flow *flow, void *ctx);

/* For http_server_params.delivered; ctx is the struct link *. Any thread. */
void link_delivered(const struct http_delivered *delivered, void *ctx);

/* Checks whether a request may be served now. Returns false if it is a download that its site may
 * not have at this time; then it was answered with 503 and Retry-After. Called on a loop's thread;
 * does not block. */
bool link_admit(struct http_request *req, struct link *link);

/* Estimates the rate of the link to the asking terminal in bit/s: what earlier transfers to its
 * address have shown, but no more than the limits that are set for it. Without such transfers, it
 * returns the lowest limit; 0: there is none. For hls_params; ctx is the struct link *. Any
 * thread. */
int64_t link_estimate_bps(const struct http_request *req, void *ctx);

/* Writes the traffic of the sites to the catalog, and reads changes of sites (another process may
 * have made them). To be called on the main thread every few seconds and when the node stops. */
void link_flush(struct link *link, struct catalog *catalog);

/* Reads the sites again after a change. Returns 0 or a negative errno, and then the old ones stay.
 * Any thread, with a catalog of its own. */
int link_reload(struct link *link, struct catalog *catalog);

/* Copies the name of the asking terminal's site into name[SITE_NAME_BYTES]; "" if it has none. Any
 * thread. */
void link_site_name(const struct http_request *req, struct link *link, char *name);

/* Makes a code by which a terminal gets the generated token of a site: once, within SITE_CODE_MS.
 * Any thread. */
void link_site_code(struct link *link, int64_t site_id, char code[SITE_CODE_BYTES]);

/* What a terminal gets for a code. */
struct link_site_proof {
    char token[SITE_TOKEN_BYTES];
    char name[SITE_NAME_BYTES]; /* of the site */
    int64_t wait_ms;            /* if there were too many wrong codes */
};

enum link_code { LINK_CODE_RIGHT, LINK_CODE_WRONG, LINK_CODE_WAIT };

/* Uses up a code that came from an address. LINK_CODE_RIGHT fills in token and name; LINK_CODE_WAIT
 * fills in wait_ms, and the code was not looked at. Any thread. */
enum link_code link_take_code(
    struct link *link, const char *address, const char *code, struct link_site_proof *out);

/* Whether the token is a generated one of some site. Any thread. */
bool link_token_generated(struct link *link, const char *token);

/* What the terminals of a site take now, and what is not in the catalog yet. */
struct link_site_traffic {
    int responses;           /* that are being sent */
    int64_t given_bps;       /* of the uplink, by the scheduler */
    int64_t unwritten_bytes; /* sent today, and not in the catalog yet */
};

/* All zero for a site that is not known. Any thread. */
struct link_site_traffic link_site_traffic(struct link *link, int64_t site_id);

#endif
