/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chunk's segment table as it is kept: a row of 16-byte records, little-endian; segments lie end
 * to end. Pure. */
#ifndef CATALOG_SEGMENT_TABLE_H
#define CATALOG_SEGMENT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"

#define SEGMENT_RECORD_BYTES 16

/* Packs chunk's segments into fresh memory (the caller's). CATALOG_OK; EINVAL: they don't lie end
 * to end, don't fill the chunk, or an I-frame is longer than its segment; ENOMEM. */
int segment_table_pack(const struct catalog_chunk *chunk, uint8_t **out, size_t *out_bytes);
/* Fills chunk->segments and segment_count (the caller's) from such bytes; chunk->bytes must be set.
 * ECORRUPT if they don't add up; ENOMEM. */
int segment_table_unpack(const void *packed, size_t packed_bytes, struct catalog_chunk *chunk);

#endif
