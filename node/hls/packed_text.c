/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/hls/packed_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/http/gzip.h"
#include "transcoder/text/hash.h"

void packed_text_tag(const struct buf *text, char etag[24])
{
    snprintf(etag, 24, "\"%016" PRIx64 "\"", hash_bytes(HASH_START, text->data, text->used_bytes));
}

int packed_texts_open(struct packed_texts *texts, size_t count)
{
    texts->items = calloc(count, sizeof(*texts->items));
    texts->count = texts->items ? count : 0;
    return texts->items ? 0 : -ENOMEM;
}

void packed_texts_close(struct packed_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(atomic_load(&texts->items[i]));
    free(texts->items);
}

const struct packed_text *packed_texts_find(const struct packed_texts *texts, size_t number)
{
    return number < texts->count ? atomic_load(&texts->items[number]) : NULL;
}

static struct packed_text *pack(const struct buf *text)
{
    struct packed_text *packed = NULL;
    void *data;
    size_t bytes;
    if (http_gzip(text->data, text->used_bytes, HTTP_GZIP_BEST, &data, &bytes) < 0)
        return NULL;
    packed = malloc(sizeof(*packed) + bytes);
    if (packed) {
        memcpy(packed->etag, "W/", 2);
        snprintf(packed->etag + 2, sizeof(packed->etag) - 2, "\"%016" PRIx64 "\"",
            hash_bytes(HASH_START, text->data, text->used_bytes));
        packed->data_bytes = bytes;
        memcpy(packed->data, data, bytes);
    }
    free(data);
    return packed;
}

const struct packed_text *packed_texts_keep(
    struct packed_texts *texts, size_t number, const struct buf *text)
{
    struct packed_text *packed = number < texts->count && !text->failed ? pack(text) : NULL;
    struct packed_text *there = NULL;
    if (!packed)
        return NULL;
    if (atomic_fetch_add(&texts->used_bytes, packed->data_bytes) + packed->data_bytes >
        PACKED_TEXT_MAX_BYTES) {
        atomic_fetch_sub(&texts->used_bytes, packed->data_bytes);
        free(packed);
        return NULL;
    }
    if (atomic_compare_exchange_strong(&texts->items[number], &there, packed))
        return packed;
    atomic_fetch_sub(&texts->used_bytes, packed->data_bytes);
    free(packed);
    return there;
}
