/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the segment table of a chunk, as the catalog stores it. What unpacks must pack into no
 * more bytes. Each segment in the index that is made from it must lie within the chunk. The first
 * four bytes of the input are the chunk's size, and the rest is the table. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/segment_table.h"
#include "node/hls/playlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_index(const struct media_index *index, int64_t chunk_bytes)
{
    const struct media_rendition *r = index->rendition_count > 0 ? &index->renditions[0] : NULL;
    struct buf out = {0};
    for (size_t i = 0; r && i < r->segment_count; i++)
        if (r->segments[i].offset_bytes < 0 || r->segments[i].length_bytes <= 0 ||
            r->segments[i].offset_bytes + r->segments[i].length_bytes > chunk_bytes)
            abort();
    if (r && index->playable)
        playlist_write_master(index, NULL, &out);
    if (r)
        playlist_write_media(index, r, &out);
    if (r && r->iframes)
        playlist_write_iframes(index, r, &out);
    if (media_index_target_s(index) < 1)
        abort();
    buf_free(&out);
}

static void make_index(struct catalog_chunk *chunk)
{
    struct catalog_lesson lesson = {.id = 1,
        .revision = 1,
        .state = CATALOG_LESSON_READY,
        .title = (char *)"",
        .language = (char *)"",
        .poster_file = (char *)"",
        .duration_us = 60000000};
    struct catalog_rendition rendition = {.name = (char *)"v48",
        .kind = CATALOG_VIDEO,
        .width = 640,
        .height = 360,
        .fps_num = 25,
        .fps_den = 1,
        .language = (char *)"",
        .timescale = 12800,
        .chunk_count = 1,
        .plan_text = (char *)"",
        .codecs = (char *)"avc1.4D401F",
        .init_bytes = 700,
        .init_sha256 = (char *)"00"};
    struct catalog_renditions renditions = {&rendition, 1};
    struct catalog_chunks chunks = {chunk, 1};
    struct media_index *index = NULL;
    if (media_index_make(&index, &lesson, &renditions, &chunks) == CATALOG_OK)
        check_index(index, chunk->bytes);
    media_index_unref(index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    uint32_t chunk_bytes;
    uint8_t *packed = NULL;
    size_t packed_bytes = 0;
    if (bytes < sizeof(chunk_bytes))
        return 0;
    memcpy(&chunk_bytes, data, sizeof(chunk_bytes));
    struct catalog_chunk chunk = {.bytes = chunk_bytes, .sha256 = (char *)"00"};
    data += sizeof(chunk_bytes);
    bytes -= sizeof(chunk_bytes);
    if (segment_table_unpack(data, bytes, &chunk) == CATALOG_OK) {
        if (segment_table_pack(&chunk, &packed, &packed_bytes) != CATALOG_OK ||
            packed_bytes > bytes)
            abort();
        make_index(&chunk);
    }
    free(packed);
    free(chunk.segments);
    return 0;
}
