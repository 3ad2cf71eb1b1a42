/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the parsers of header values. Ranges must lie within the representation. Lists of tags and
 * codings must not be read past their end. */
#include <stdlib.h>
#include <string.h>

#include "node/http/gzip.h"
#include "node/http/parse/condition.h"
#include "node/http/parse/date.h"
#include "node/http/parse/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_range(const char *text, int64_t total_bytes)
{
    struct http_ranges ranges;
    enum http_range_kind kind = http_range_parse(text, total_bytes, &ranges);
    int64_t sum_bytes = 0;
    if (ranges.count < 1 || ranges.count > HTTP_MAX_RANGES)
        abort();
    for (size_t i = 0; i < ranges.count; i++) {
        const struct http_range *range = &ranges.items[i];
        if (range->first_bytes < 0 || range->length_bytes < 0 ||
            range->length_bytes > total_bytes - range->first_bytes)
            abort();
        if (kind == HTTP_RANGE_PARTS && range->length_bytes == 0)
            abort();
        /* Ranges do not overlap, so their sum is at most the total. */
        sum_bytes += range->length_bytes;
    }
    if (sum_bytes > total_bytes || (kind != HTTP_RANGE_PARTS && sum_bytes != total_bytes))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *text = malloc(bytes + 1);
    if (!text)
        return 0;
    memcpy(text, data, bytes);
    text[bytes] = '\0';
    check_range(text, 0);
    check_range(text, 1000);
    check_range(text, INT64_MAX);
    http_etag_listed(text, "\"tag\"", true);
    http_etag_listed(text, "W/\"tag\"", false);
    http_date_parse(text, 1800000000);
    http_accepts_gzip(text);
    http_type_compressible(text);
    free(text);
    return 0;
}
