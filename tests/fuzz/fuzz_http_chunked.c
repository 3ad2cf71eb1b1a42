/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the decoder of chunked bodies. Its output must be the same however the body is cut. */
#include <stdint.h>
#include <stdlib.h>

#include "node/http/parse/chunked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct sum {
    size_t bytes;
    uint32_t hash;
};

static void add(void *ctx, const char *piece, size_t piece_bytes)
{
    struct sum *sum = ctx;
    sum->bytes += piece_bytes;
    for (size_t i = 0; i < piece_bytes; i++)
        sum->hash = sum->hash * 31 + (uint8_t)piece[i];
}

static int decode(const char *text, size_t bytes, size_t step, struct sum *sum, size_t *end)
{
    struct http_chunked *chunked = http_chunked_new();
    size_t at = 0, taken;
    int error = 0;
    if (!chunked)
        abort();
    while (error == 0 && at < bytes) {
        error = http_chunked_decode(
            chunked, text + at, step < bytes - at ? step : bytes - at, &taken, add, sum);
        at += taken;
    }
    *end = at;
    http_chunked_free(chunked);
    return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct sum whole = {0}, pieces = {0};
    size_t whole_end, pieces_end, step = bytes ? 1 + data[bytes - 1] % 8 : 1;
    int error = decode((const char *)data, bytes, bytes ? bytes : 1, &whole, &whole_end);
    if (decode((const char *)data, bytes, step, &pieces, &pieces_end) != error)
        abort();
    if (error >= 0 &&
        (whole.bytes != pieces.bytes || whole.hash != pieces.hash || whole_end != pieces_end))
        abort();
    return 0;
}
