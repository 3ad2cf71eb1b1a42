/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request methods (RFC 9110 section 9). One bit each, so that a set of them is an int. */
#ifndef NODE_HTTP_PARSE_METHOD_H
#define NODE_HTTP_PARSE_METHOD_H

enum http_method {
    HTTP_GET = 1,
    HTTP_HEAD = 2,
    HTTP_POST = 4,
    HTTP_PUT = 8,
    HTTP_PATCH = 16,
    HTTP_DELETE = 32,
    HTTP_OPTIONS = 64,
};

#endif
