/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The three pages and the login page, bundled at build time and embedded, already gzipped, in the
 * program. */
#ifndef NODE_WEB_WEB_H
#define NODE_WEB_WEB_H

#include "node/http/http.h"

/* "/", "/watch/:id", "/login", "/operator", "/technician", "/assets/:file". Static. */
struct http_route_set web_routes(void);
/* For http_server_params: a page with a way back for browsers; false for programs. */
bool web_not_found(struct http_request *req);
/* For auth_params: answers 401, or 403 who may not open the page, with the login page. */
void web_login_page(struct http_request *req, int status, void *ctx);

#endif
