/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the parser of request targets. The path must be normalised, stay below the root and be
 * valid UTF-8. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "node/http/parse/target.h"
#include "transcoder/text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_path(const char *path)
{
    if (path[0] != '/' || strstr(path, "//") || strstr(path, "/./") || strstr(path, "/../"))
        abort();
    if (!utf8_valid(path, strlen(path)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *text = malloc(bytes + 1), *path = malloc(bytes + 2), out[16];
    if (!text || !path)
        abort();
    struct http_target target;
    memcpy(text, data, bytes);
    text[bytes] = '\0';
    if (http_target_parse(text, bytes, path, &target) == 0 && strcmp(path, "*") != 0) {
        check_path(path);
        if (http_query_param(target.query, "id", out, sizeof(out)) >= (int)sizeof(out))
            abort();
    }
    http_host_valid(text, bytes);
    http_query_param(text, "a", out, sizeof(out));
    http_cookie_value(text, "s", out, sizeof(out));
    free(path);
    free(text);
    return 0;
}
