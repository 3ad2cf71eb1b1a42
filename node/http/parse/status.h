/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status codes: their reason phrases, and the texts of the server's own errors. Pure. */
#ifndef NODE_HTTP_PARSE_STATUS_H
#define NODE_HTTP_PARSE_STATUS_H

/* Returns the reason phrase, such as "Not Found"; "Unknown" for a code that is not in the table. */
const char *http_status_reason(int status);

struct http_status_text {
    const char *code; /* for programs, such as "not_found" */
    const char *zh, *en;
};
/* Returns the texts for an error that the server answers by itself. Other statuses get the texts of
 * 500, so the result is never NULL. */
const struct http_status_text *http_status_error(int status);

#endif
