/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pages: bundled at build time and embedded in the program, compressed with gzip. */
#ifndef NODE_WEB_WEB_H
#define NODE_WEB_WEB_H

#include "node/http/http.h"

/* The routes "/", "/watch/:id", "/login", "/code", "/operator", "/technician" and "/assets/:file". */
struct http_route_set web_routes(void);
/* For http_server_params: answers a browser's GET or HEAD with 404 and a page with a link to the
 * lessons. Returns false for programs and for other methods. */
bool web_not_found(struct http_request *req);
/* For auth_params: answers with the login page, with status 401, or 403 for an account that may not
 * open the page. The route "/login" calls it with 200. */
void web_login_page(struct http_request *req, int status, void *ctx);

#endif
