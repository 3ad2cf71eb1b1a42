/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "catalog/db.h"
#include "catalog/segment_table.h"

static int fill_rendition(struct catalog *c, sqlite3_stmt *s, struct catalog_rendition *r)
{
    r->id = sqlite3_column_int64(s, 0);
    r->lesson_id = sqlite3_column_int64(s, 1);
    r->revision = sqlite3_column_int(s, 2);
    r->name = db_text(s, 3);
    int *const numbers[] = {&r->kind, &r->position, &r->width, &r->height, &r->fps_num, &r->fps_den,
        &r->channels, &r->sample_rate};
    for (int i = 0; i < 8; i++)
        *numbers[i] = sqlite3_column_int(s, 4 + i);
    r->language = db_text(s, 12);
    r->cap_bps = sqlite3_column_int64(s, 13);
    r->timescale = sqlite3_column_int(s, 14);
    r->chunk_count = sqlite3_column_int(s, 15);
    r->plan_text = db_text(s, 16);
    r->codecs = db_text(s, 17);
    r->init_bytes = sqlite3_column_int64(s, 18);
    r->init_sha256 = db_text(s, 19);
    r->optional = sqlite3_column_int(s, 20) != 0;
    bool complete = r->name && r->language && r->plan_text && r->codecs && r->init_sha256;
    return complete ? CATALOG_OK : db_fail(c, CATALOG_ENOMEM, "out of memory");
}

int catalog_renditions(struct catalog *c, int64_t lesson_id, struct catalog_renditions *out)
{
    int row;
    *out = (struct catalog_renditions){0};
    sqlite3_stmt *s = db_bind(db_statement(c, STATEMENT_RENDITIONS), "i", lesson_id);
    while ((row = db_row(c, s)) > 0) {
        struct catalog_rendition *rendition =
            db_grow((void **)&out->items, &out->count, sizeof(*rendition));
        row = rendition ? fill_rendition(c, s, rendition)
                        : db_fail(c, CATALOG_ENOMEM, "out of memory");
        if (row < 0)
            break;
    }
    db_done(s);
    if (row < 0)
        catalog_renditions_free(out);
    return row;
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

static int fill_chunk(struct catalog *c, sqlite3_stmt *s, struct catalog_chunk *chunk)
{
    chunk->rendition_id = sqlite3_column_int64(s, 0);
    chunk->number = sqlite3_column_int(s, 1);
    chunk->bytes = sqlite3_column_int64(s, 2);
    chunk->sha256 = db_text(s, 3);
    const void *packed = sqlite3_column_blob(s, 4);
    int error = segment_table_unpack(packed, (size_t)sqlite3_column_bytes(s, 4), chunk);
    if (error == CATALOG_ECORRUPT)
        return db_fail(c, error, "%s: the segment table of chunk %d of rendition %lld is damaged",
            c->path, chunk->number, (long long)chunk->rendition_id);
    return error == CATALOG_OK && chunk->sha256 ? CATALOG_OK
                                                : db_fail(c, CATALOG_ENOMEM, "out of memory");
}

int catalog_chunks(struct catalog *c, int64_t rendition_id, struct catalog_chunks *out)
{
    int row;
    *out = (struct catalog_chunks){0};
    sqlite3_stmt *s = db_bind(db_statement(c, STATEMENT_CHUNKS), "i", rendition_id);
    while ((row = db_row(c, s)) > 0) {
        struct catalog_chunk *chunk = db_grow((void **)&out->items, &out->count, sizeof(*chunk));
        row = chunk ? fill_chunk(c, s, chunk) : db_fail(c, CATALOG_ENOMEM, "out of memory");
        if (row < 0)
            break;
    }
    db_done(s);
    if (row < 0)
        catalog_chunks_free(out);
    return row;
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
