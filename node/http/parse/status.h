/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status codes: reason phrases, and what the server itself says with them. Pure. */
#ifndef NODE_HTTP_PARSE_STATUS_H
#define NODE_HTTP_PARSE_STATUS_H

/* "Not Found"; "Unknown" for codes that no part of the node uses. */
const char *http_status_reason(int status);

struct http_status_text {
    const char *code; /* for programs: "not_found" */
    const char *zh, *en;
};
/* The error body for a status that the server answers by itself. Never NULL. */
const struct http_status_text *http_status_error(int status);

#endif
