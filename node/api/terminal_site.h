/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a terminal learns about its site, and how it gets into one. Handlers; ctx is the struct
 * link *. */
#ifndef NODE_API_TERMINAL_SITE_H
#define NODE_API_TERMINAL_SITE_H

#include "node/http/http.h"

/* Answers with what a terminal's page needs to know of its own link before it starts to play. */
void api_show_terminal(struct http_request *req, void *ctx);

/* Takes a code from a terminal, and gives it the generated token of the code's site as a cookie. */
void api_take_site_code(struct http_request *req, void *ctx);

#endif
