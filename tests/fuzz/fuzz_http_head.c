/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the parser of request heads. A head must end at the same place whether it arrives whole or
 * in pieces. What is parsed from it must be valid. */
#include <stdlib.h>
#include <string.h>

#include "node/http/parse/head.h"
#include "node/http/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_parsed(const struct http_head *head)
{
    static const struct http_route routes[] = {
        {.methods = HTTP_GET, .pattern = "/"},
        {.methods = HTTP_GET | HTTP_PATCH, .pattern = "/v/:lesson/:revision/:rendition/:file"},
    };
    static const struct http_route_set set = {routes, 2, NULL};
    struct http_match match;
    size_t from = 0;
    if (!strchr("/*", head->path[0]) || strstr(head->path, "//") || strstr(head->path, "/../"))
        abort();
    if (head->body_bytes < (head->chunked ? -1 : 0))
        abort();
    if (!http_head_field(head, "Host", &from) && head->minor_version > 0)
        abort();
    http_router_match(&match, &set, 1, head->method, head->path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const char *text = (const char *)data;
    struct http_head_scan whole = {0}, pieces = {0};
    struct http_head head;
    int end = http_head_find_end(&whole, text, bytes), piecewise = 0;
    for (size_t at = 0; piecewise == 0 && at < bytes; at += 1 + data[at] % 16)
        piecewise = http_head_find_end(&pieces, text, at);
    if (piecewise == 0)
        piecewise = http_head_find_end(&pieces, text, bytes);
    /* Two faults may differ, because the whole and the pieces may meet another one first. */
    if (end != piecewise && (end >= 0 || piecewise >= 0))
        abort();
    if (end > 0 && http_head_parse(&head, &whole, text, (size_t)end) == 0) {
        check_parsed(&head);
        http_head_free(&head);
    }
    return 0;
}
