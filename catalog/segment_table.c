/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/segment_table.h"

#include <stdbool.h>
#include <stdlib.h>

static void put32(uint8_t *at, int32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)((uint32_t)value >> (8 * i));
}

static int32_t get32(const uint8_t *at)
{
    return (int32_t)((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                     (uint32_t)at[3] << 24);
}

static bool is_valid(const struct catalog_segment *segment, int64_t expected_offset)
{
    return segment->offset_bytes == expected_offset && segment->length_bytes > 0 &&
           segment->duration_ticks > 0 && segment->iframe_bytes >= 0 &&
           segment->iframe_bytes <= segment->length_bytes;
}

enum catalog_error segment_table_pack(
    const struct catalog_chunk *chunk, uint8_t **out, size_t *out_bytes)
{
    int64_t offset = 0;
    for (size_t i = 0; i < chunk->segment_count; i++) {
        if (!is_valid(&chunk->segments[i], offset))
            return CATALOG_EINVAL;
        offset += chunk->segments[i].length_bytes;
    }
    if (chunk->segment_count == 0 || offset != chunk->bytes)
        return CATALOG_EINVAL;
    uint8_t *packed = calloc(chunk->segment_count, SEGMENT_RECORD_BYTES);
    if (!packed)
        return CATALOG_ENOMEM;
    for (size_t i = 0; i < chunk->segment_count; i++) {
        uint8_t *record = packed + i * SEGMENT_RECORD_BYTES;
        put32(record, chunk->segments[i].length_bytes);
        put32(record + 4, chunk->segments[i].duration_ticks);
        put32(record + 8, chunk->segments[i].iframe_bytes);
    }
    *out = packed;
    *out_bytes = chunk->segment_count * SEGMENT_RECORD_BYTES;
    return CATALOG_OK;
}

enum catalog_error segment_table_unpack(
    const void *packed, size_t packed_bytes, struct catalog_chunk *chunk)
{
    size_t count = packed_bytes / SEGMENT_RECORD_BYTES;
    if (!packed || count == 0 || packed_bytes % SEGMENT_RECORD_BYTES != 0)
        return CATALOG_ECORRUPT;
    chunk->segments = calloc(count, sizeof(chunk->segments[0]));
    if (!chunk->segments)
        return CATALOG_ENOMEM;
    chunk->segment_count = count;
    int64_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *record = (const uint8_t *)packed + i * SEGMENT_RECORD_BYTES;
        chunk->segments[i] =
            (struct catalog_segment){offset, get32(record), get32(record + 4), get32(record + 8)};
        if (!is_valid(&chunk->segments[i], offset))
            return CATALOG_ECORRUPT;
        offset += chunk->segments[i].length_bytes;
    }
    return offset == chunk->bytes ? CATALOG_OK : CATALOG_ECORRUPT;
}
