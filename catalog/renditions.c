/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/renditions.h"

#include <stdlib.h>

#include "catalog/db.h"

_Static_assert(CATALOG_VIDEO == SQL_MEDIA_VIDEO, "SQL uses another number");
_Static_assert(CATALOG_AUDIO == SQL_MEDIA_AUDIO, "SQL uses another number");
_Static_assert(CATALOG_LEGACY == SQL_MEDIA_LEGACY, "SQL uses another number");

static enum catalog_error fill_rendition(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    struct catalog_rendition *r = item;
    r->id = sqlite3_column_int64(row, RENDITION_ID);
    r->lesson_id = sqlite3_column_int64(row, RENDITION_LESSON_ID);
    r->revision = sqlite3_column_int(row, RENDITION_REVISION);
    r->name = db_text(cat, row, RENDITION_NAME);
    r->kind = sqlite3_column_int(row, RENDITION_KIND);
    r->position = sqlite3_column_int(row, RENDITION_POSITION);
    r->width = sqlite3_column_int(row, RENDITION_WIDTH);
    r->height = sqlite3_column_int(row, RENDITION_HEIGHT);
    r->fps_num = sqlite3_column_int(row, RENDITION_FPS_NUM);
    r->fps_den = sqlite3_column_int(row, RENDITION_FPS_DEN);
    r->channels = sqlite3_column_int(row, RENDITION_CHANNELS);
    r->sample_rate = sqlite3_column_int(row, RENDITION_SAMPLE_RATE);
    r->language = db_text(cat, row, RENDITION_LANGUAGE);
    r->cap_bps = sqlite3_column_int64(row, RENDITION_CAP_BPS);
    r->timescale = sqlite3_column_int(row, RENDITION_TIMESCALE);
    r->chunk_count = sqlite3_column_int(row, RENDITION_CHUNK_COUNT);
    r->plan_text = db_text(cat, row, RENDITION_PLAN_TEXT);
    r->codecs = db_text(cat, row, RENDITION_CODECS);
    r->init_bytes = sqlite3_column_int64(row, RENDITION_INIT_BYTES);
    r->init_sha256 = db_text(cat, row, RENDITION_INIT_SHA256);
    r->optional = sqlite3_column_int(row, RENDITION_OPTIONAL) != 0;
    return CATALOG_OK;
}

enum catalog_error catalog_renditions(
    struct catalog *cat, int64_t lesson_id, struct catalog_renditions *out)
{
    *out = (struct catalog_renditions){0};
    sqlite3_stmt *query = db_query(cat, STATEMENT_RENDITIONS, "l", lesson_id);
    enum catalog_error error = db_read_all(
        cat, query, fill_rendition, sizeof(out->items[0]), (void **)&out->items, &out->count);
    if (error != CATALOG_OK)
        catalog_renditions_free(out);
    return error;
}

void catalog_renditions_free(struct catalog_renditions *renditions)
{
    if (!renditions)
        return;
    for (size_t i = 0; i < renditions->count; i++) {
        struct catalog_rendition *r = &renditions->items[i];
        free(r->name);
        free(r->language);
        free(r->plan_text);
        free(r->codecs);
        free(r->init_sha256);
    }
    free(renditions->items);
    *renditions = (struct catalog_renditions){0};
}

static enum catalog_error fill_chunk(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    struct catalog_chunk *chunk = item;
    chunk->rendition_id = sqlite3_column_int64(row, CHUNK_RENDITION_ID);
    chunk->number = sqlite3_column_int(row, CHUNK_NUMBER);
    chunk->bytes = sqlite3_column_int64(row, CHUNK_BYTES);
    chunk->sha256 = db_text(cat, row, CHUNK_SHA256);
    const void *packed = sqlite3_column_blob(row, CHUNK_SEGMENTS);
    size_t packed_bytes = (size_t)sqlite3_column_bytes(row, CHUNK_SEGMENTS);
    enum catalog_error error = segment_table_unpack(packed, packed_bytes, chunk);
    if (error == CATALOG_ECORRUPT)
        return db_fail(cat, error, "%s: the segment table of chunk %d of rendition %lld is damaged",
            cat->path, chunk->number, (long long)chunk->rendition_id);
    return error == CATALOG_OK ? CATALOG_OK : db_out_of_memory(cat);
}

enum catalog_error catalog_chunks(
    struct catalog *cat, int64_t rendition_id, struct catalog_chunks *out)
{
    *out = (struct catalog_chunks){0};
    sqlite3_stmt *query = db_query(cat, STATEMENT_CHUNKS, "l", rendition_id);
    enum catalog_error error = db_read_all(
        cat, query, fill_chunk, sizeof(out->items[0]), (void **)&out->items, &out->count);
    if (error != CATALOG_OK)
        catalog_chunks_free(out);
    return error;
}

void catalog_chunks_free(struct catalog_chunks *chunks)
{
    if (!chunks)
        return;
    for (size_t i = 0; i < chunks->count; i++) {
        free(chunks->items[i].sha256);
        free(chunks->items[i].segments);
    }
    free(chunks->items);
    *chunks = (struct catalog_chunks){0};
}
