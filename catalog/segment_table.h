/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chunk and its segments, and the form in which the catalog stores the segments: 16-byte records
 * in a row, little-endian. Segments lie end to end in the chunk. Pure; any thread. */
#ifndef CATALOG_SEGMENT_TABLE_H
#define CATALOG_SEGMENT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/errors.h"

/* One segment in a chunk file. */
struct catalog_segment {
    int64_t offset_bytes;
    int32_t length_bytes;
    int32_t duration_ticks; /* in the rendition's timescale */
    int32_t iframe_bytes;   /* video: from the segment's start to the end of its first IDR picture;
                               other kinds: 0 */
};

struct catalog_chunk {
    int64_t rendition_id;
    int number; /* from 0 */
    int64_t bytes;
    char *sha256;
    struct catalog_segment *segments;
    size_t segment_count;
};

/* ---- for the other files of catalog/ ---- */

#define SEGMENT_RECORD_BYTES 16

/*
 * Packs the segments of a chunk into records.
 * out: gets the records; the caller frees them.
 * Errors: EINVAL: there are no segments, a segment's numbers are out of range, or the segments do
 * not exactly fill the chunk; ENOMEM.
 */
enum catalog_error segment_table_pack(
    const struct catalog_chunk *chunk, uint8_t **out, size_t *out_bytes);

/*
 * Unpacks records into chunk->segments and chunk->segment_count.
 * chunk: its bytes must be set. The caller frees its segments, after a failure too.
 * Errors: ECORRUPT: the records do not add up to the chunk; ENOMEM.
 */
enum catalog_error segment_table_unpack(
    const void *packed, size_t packed_bytes, struct catalog_chunk *chunk);

#endif
