/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges lie within the representation; lists of tags and codings are read to their end and no
 * further. */
#include "node/http/gzip.h"
#include "node/http/range.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_range(const char *text, int64_t total_bytes)
{
    struct http_range range;
    enum http_range_kind kind = http_range_parse(text, total_bytes, &range);

    if (range.first_bytes < 0 || range.length_bytes < 0 ||
        range.length_bytes > total_bytes - range.first_bytes)
        abort();
    if (kind == HTTP_RANGE_PART && range.length_bytes == 0)
        abort();
    if (kind != HTTP_RANGE_PART && range.length_bytes != total_bytes)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *text = malloc(bytes + 1);

    memcpy(text, data, bytes);
    text[bytes] = '\0';
    check_range(text, 0);
    check_range(text, 1000);
    check_range(text, INT64_MAX);
    http_etag_listed(text, "\"tag\"");
    http_if_range_holds(text, "\"tag\"");
    http_accepts_gzip(text);
    http_type_compressible(text);
    free(text);
    return 0;
}
