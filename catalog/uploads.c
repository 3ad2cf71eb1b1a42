/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "catalog/db.h"

int catalog_upload_create(struct catalog *c, const struct catalog_upload *u)
{
    if (!u->id || strlen(u->id) != 32 || u->total_bytes < 0)
        return db_fail(c, CATALOG_EINVAL, "upload without an id or a size");
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = db_run(c,
            db_bind(db_statement(c, STATEMENT_UPLOAD_INSERT), "sssssssiii", u->id, u->user,
                u->filename, u->title, u->topic, u->description, u->language, (int64_t)u->publish,
                u->total_bytes, u->created_ms),
            NULL);
    if (error == CATALOG_OK)
        error = db_touch(c);
    return db_end(c, error);
}

static int fill_upload(struct catalog *c, sqlite3_stmt *s, struct catalog_upload *u)
{
    char **const texts[] = {
        &u->id, &u->user, &u->filename, &u->title, &u->topic, &u->description, &u->language};
    bool complete = true;
    for (int i = 0; i < 7; i++)
        complete &= (*texts[i] = db_text(s, i)) != NULL;
    u->publish = sqlite3_column_int(s, 7) != 0;
    u->total_bytes = sqlite3_column_int64(s, 8);
    u->created_ms = sqlite3_column_int64(s, 9);
    u->updated_ms = sqlite3_column_int64(s, 10);
    u->lesson_id = sqlite3_column_int64(s, 11);
    return complete ? CATALOG_OK : db_fail(c, CATALOG_ENOMEM, "out of memory");
}

static int read_uploads(struct catalog *c, sqlite3_stmt *s, struct catalog_uploads *out)
{
    int row;
    *out = (struct catalog_uploads){0};
    while ((row = db_row(c, s)) > 0) {
        struct catalog_upload *upload = db_grow((void **)&out->items, &out->count, sizeof(*upload));
        row = upload ? fill_upload(c, s, upload) : db_fail(c, CATALOG_ENOMEM, "out of memory");
        if (row < 0)
            break;
    }
    db_done(s);
    if (row < 0)
        catalog_uploads_free(out);
    return row;
}

int catalog_upload_get(struct catalog *c, const char *id, struct catalog_uploads *out)
{
    int error = read_uploads(c, db_bind(db_statement(c, STATEMENT_UPLOAD_GET), "s", id), out);
    if (error == CATALOG_OK && out->count == 0)
        error = db_fail(c, CATALOG_ENOTFOUND, "there is no such upload");
    return error;
}

int catalog_uploads(struct catalog *c, const char *user, struct catalog_uploads *out)
{
    return read_uploads(c, db_bind(db_statement(c, STATEMENT_UPLOADS), "s", user), out);
}

void catalog_uploads_free(struct catalog_uploads *uploads)
{
    if (!uploads)
        return;
    for (size_t i = 0; i < uploads->count; i++) {
        struct catalog_upload *u = &uploads->items[i];
        char *const texts[] = {
            u->id, u->user, u->filename, u->title, u->topic, u->description, u->language};
        for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++)
            free(texts[t]);
    }
    free(uploads->items);
    *uploads = (struct catalog_uploads){0};
}

/* Runs a statement that changes one upload. */
static int change_upload(struct catalog *c, sqlite3_stmt *statement, bool touch)
{
    int changed = 0;
    int error = db_run(c, statement, &changed);
    if (error == CATALOG_OK && changed == 0)
        error = db_fail(c, CATALOG_ENOTFOUND, "there is no such upload");
    if (error == CATALOG_OK && touch)
        error = db_touch(c);
    return error;
}

int catalog_upload_touch(struct catalog *c, const char *id, int64_t now_ms)
{
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = change_upload(
            c, db_bind(db_statement(c, STATEMENT_UPLOAD_TOUCH), "si", id, now_ms), true);
    return db_end(c, error);
}

int catalog_upload_remove(struct catalog *c, const char *id, bool *complete)
{
    struct catalog_uploads uploads = {0};
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = catalog_upload_get(c, id, &uploads);
    if (error == CATALOG_OK) {
        *complete = uploads.items[0].lesson_id > 0; /* NOLINT: without one it is ENOTFOUND */
        error = change_upload(c, db_bind(db_statement(c, STATEMENT_UPLOAD_REMOVE), "s", id), true);
    }
    catalog_uploads_free(&uploads);
    return db_end(c, error);
}

static int make_lesson(struct catalog *c, const struct catalog_upload *u, const char *sha256,
    int64_t now_ms, int64_t *lesson_id)
{
    struct catalog_new_lesson lesson = {
        .title = u->title,
        .topic = u->topic,
        .description = u->description,
        .language = u->language,
        .submitter = u->user,
        .publish = u->publish,
        .source_file = u->id,
        .source_name = u->filename,
        .source_bytes = u->total_bytes,
        .source_sha256 = sha256,
        .now_ms = now_ms,
    };
    int error = lesson_insert(c, &lesson, lesson_id);
    if (error == CATALOG_OK)
        error = change_upload(c,
            db_bind(db_statement(c, STATEMENT_UPLOAD_COMPLETE), "sii", u->id, *lesson_id, now_ms),
            true);
    return error;
}

int catalog_upload_complete(
    struct catalog *c, const char *id, const char *sha256, int64_t now_ms, int64_t *lesson_id)
{
    struct catalog_uploads uploads = {0};
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = catalog_upload_get(c, id, &uploads);
    if (error == CATALOG_OK) {
        *lesson_id = uploads.items[0].lesson_id; /* NOLINT: without one it is ENOTFOUND */
        if (*lesson_id == 0)
            error = make_lesson(c, &uploads.items[0], sha256, now_ms, lesson_id);
    }
    catalog_uploads_free(&uploads);
    return db_end(c, error);
}

/* ---- what lies in DATA/sources ---- */

int catalog_source_files(struct catalog *c, char ***out, size_t *count)
{
    char **names = NULL;
    size_t n = 0;
    int row;
    sqlite3_stmt *s = db_statement(c, STATEMENT_SOURCE_FILES);
    while ((row = db_row(c, s)) > 0) {
        char **name = db_grow((void **)&names, &n, sizeof(*name));
        if (name)
            *name = db_text(s, 0);
        if (!name || !*name) {
            row = db_fail(c, CATALOG_ENOMEM, "out of memory");
            break;
        }
    }
    db_done(s);
    size_t with_end = n;
    if (row == 0 && !db_grow((void **)&names, &with_end, sizeof(*names)))
        row = db_fail(c, CATALOG_ENOMEM, "out of memory");
    if (row < 0) {
        for (size_t i = 0; i < n; i++)
            free(names[i]);
        free(names);
        return row;
    }
    *out = names;
    *count = n;
    return CATALOG_OK;
}

void catalog_names_free(char **names)
{
    for (size_t i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
}
