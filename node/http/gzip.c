/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/gzip.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

/* Whether the parameters of a coding begin with a weight of zero, which means "not acceptable". */
static bool weight_is_zero(const char *params, size_t bytes)
{
    const char *weight = memchr(params, ';', bytes);
    if (!weight)
        return false;
    weight++;
    weight += strspn(weight, " \t");
    if (strncasecmp(weight, "q=", 2) != 0)
        return false;
    weight += 2;
    if (*weight != '0')
        return false;
    weight += 1 + strspn(weight + 1, ".0");
    return *weight < '1' || *weight > '9';
}

bool http_accepts_gzip(const char *accept_encoding)
{
    int by_name = -1, by_star = -1;
    while (accept_encoding && *accept_encoding) {
        const char *coding = accept_encoding + strspn(accept_encoding, " \t,");
        size_t bytes = strcspn(coding, ",");
        size_t name_bytes = strcspn(coding, " \t;,");
        int wanted = !weight_is_zero(coding + name_bytes, bytes - name_bytes);
        if (name_bytes == 4 && strncasecmp(coding, "gzip", 4) == 0)
            by_name = wanted;
        else if (name_bytes == 1 && *coding == '*')
            by_star = wanted;
        accept_encoding = coding + bytes;
    }
    return by_name >= 0 ? by_name : by_star > 0;
}

bool http_type_compressible(const char *content_type)
{
    static const char *const types[] = {
        "text/",
        "application/json",
        "application/javascript",
        "application/vnd.apple.mpegurl",
        "application/openmetrics-text",
        "image/svg+xml",
    };
    /* Server-sent events are text too, but streams never reach this function. */
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strncasecmp(content_type, types[i], strlen(types[i])) == 0)
            return true;
    return false;
}

int http_gzip(const void *data, size_t data_bytes, enum http_gzip_effort effort, void **out,
    size_t *out_bytes)
{
    enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };
    const int level = effort == HTTP_GZIP_BEST ? Z_BEST_COMPRESSION : Z_DEFAULT_COMPRESSION;
    z_stream stream = {0};

    *out = NULL;
    if (data_bytes > UINT_MAX / 2)
        return -ENOMEM;
    if (deflateInit2(&stream, level, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return -ENOMEM;
    size_t bound = deflateBound(&stream, data_bytes);
    *out = malloc(bound);
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)data_bytes;
    stream.next_out = *out;
    stream.avail_out = (uInt)bound;
    int error = *out ? deflate(&stream, Z_FINISH) : Z_MEM_ERROR;
    *out_bytes = stream.total_out;
    deflateEnd(&stream);
    if (error == Z_STREAM_END)
        return 0;
    free(*out);
    *out = NULL;
    return -ENOMEM;
}
