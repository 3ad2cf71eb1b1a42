/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/uploads.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/db.h"
#include "catalog/lessons.h"

#define ID_LENGTH 32

/* ---- reading ---- */

static enum catalog_error fill_upload(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    struct catalog_upload *u = item;
    u->id = db_text(cat, row, UPLOAD_ID);
    u->user = db_text(cat, row, UPLOAD_USER);
    u->filename = db_text(cat, row, UPLOAD_FILENAME);
    u->title = db_text(cat, row, UPLOAD_TITLE);
    u->topic = db_text(cat, row, UPLOAD_TOPIC);
    u->description = db_text(cat, row, UPLOAD_DESCRIPTION);
    u->language = db_text(cat, row, UPLOAD_LANGUAGE);
    u->publish = sqlite3_column_int(row, UPLOAD_PUBLISH) != 0;
    u->total_bytes = sqlite3_column_int64(row, UPLOAD_TOTAL_BYTES);
    u->created_ms = sqlite3_column_int64(row, UPLOAD_CREATED_MS);
    u->updated_ms = sqlite3_column_int64(row, UPLOAD_UPDATED_MS);
    u->lesson_id = sqlite3_column_int64(row, UPLOAD_LESSON_ID);
    u->idle_ms = sqlite3_column_int64(row, UPLOAD_IDLE_MS);
    u->synced_bytes = sqlite3_column_int64(row, UPLOAD_SYNCED_BYTES);
    return CATALOG_OK;
}

static enum catalog_error read_uploads(
    struct catalog *cat, sqlite3_stmt *query, struct catalog_uploads *out)
{
    *out = (struct catalog_uploads){0};
    enum catalog_error error = db_read_all(
        cat, query, fill_upload, sizeof(out->items[0]), (void **)&out->items, &out->count);
    if (error != CATALOG_OK)
        catalog_uploads_free(out);
    return error;
}

static enum catalog_error no_upload(struct catalog *cat)
{
    return db_fail(cat, CATALOG_ENOTFOUND, "there is no such upload");
}

enum catalog_error catalog_upload_get(
    struct catalog *cat, const char *id, struct catalog_uploads *out)
{
    enum catalog_error error = read_uploads(cat, db_query(cat, STATEMENT_UPLOAD_GET, "s", id), out);
    return error == CATALOG_OK && out->count == 0 ? no_upload(cat) : error;
}

enum catalog_error catalog_uploads(
    struct catalog *cat, const char *user, struct catalog_uploads *out)
{
    return read_uploads(cat, db_query(cat, STATEMENT_UPLOADS, "s", user), out);
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

/* ---- writing ---- */

static enum catalog_error create(struct catalog *cat, const struct catalog_upload *u)
{
    return db_execute(cat, STATEMENT_UPLOAD_INSERT, "sssssssill", u->id, u->user, u->filename,
        u->title, u->topic, u->description, u->language, u->publish, u->total_bytes, u->created_ms);
}

enum catalog_error catalog_upload_create(struct catalog *cat, const struct catalog_upload *upload)
{
    if (!upload->id || strlen(upload->id) != ID_LENGTH || upload->total_bytes < 0)
        return db_fail(cat, CATALOG_EINVAL, "upload without an id or a size");
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, create(cat, upload));
}

static enum catalog_error touch(
    struct catalog *cat, const char *id, int64_t received_bytes, int64_t now_ms)
{
    enum catalog_error error =
        db_execute(cat, STATEMENT_UPLOAD_TOUCH, "sll", id, now_ms, received_bytes);
    if (error != CATALOG_OK)
        return error;
    return db_changed_rows(cat) > 0 ? CATALOG_OK : no_upload(cat);
}

enum catalog_error catalog_upload_touch(
    struct catalog *cat, const char *id, int64_t received_bytes, int64_t now_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, touch(cat, id, received_bytes, now_ms));
}

/* Reads the lesson that an upload became; 0: none yet. */
static enum catalog_error read_lesson_id(struct catalog *cat, const char *id, int64_t *lesson_id)
{
    struct catalog_uploads uploads = {0};
    enum catalog_error error = catalog_upload_get(cat, id, &uploads);
    if (error != CATALOG_OK)
        return error;
    *lesson_id = uploads.items[0].lesson_id;
    catalog_uploads_free(&uploads);
    return CATALOG_OK;
}

static enum catalog_error remove_upload(struct catalog *cat, const char *id, bool *complete)
{
    int64_t lesson_id = 0;
    enum catalog_error error = read_lesson_id(cat, id, &lesson_id);
    if (error != CATALOG_OK)
        return error;
    *complete = lesson_id > 0;
    return db_execute(cat, STATEMENT_UPLOAD_REMOVE, "s", id);
}

enum catalog_error catalog_upload_remove(struct catalog *cat, const char *id, bool *complete)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, remove_upload(cat, id, complete));
}

static enum catalog_error make_lesson(struct catalog *cat, const struct catalog_upload *u,
    const char *sha256, int64_t now_ms, int64_t *lesson_id)
{
    const struct catalog_new_lesson lesson = {
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
    enum catalog_error error = lesson_insert(cat, &lesson, lesson_id);
    if (error != CATALOG_OK)
        return error;
    return db_execute(cat, STATEMENT_UPLOAD_COMPLETE, "sll", u->id, *lesson_id, now_ms);
}

static enum catalog_error complete_upload(
    struct catalog *cat, const char *id, const char *sha256, int64_t now_ms, int64_t *lesson_id)
{
    struct catalog_uploads uploads = {0};
    enum catalog_error error = catalog_upload_get(cat, id, &uploads);
    if (error != CATALOG_OK)
        return error;
    *lesson_id = uploads.items[0].lesson_id;
    if (*lesson_id == 0)
        error = make_lesson(cat, &uploads.items[0], sha256, now_ms, lesson_id);
    catalog_uploads_free(&uploads);
    return error;
}

enum catalog_error catalog_upload_complete(
    struct catalog *cat, const char *id, const char *sha256, int64_t now_ms, int64_t *lesson_id)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, complete_upload(cat, id, sha256, now_ms, lesson_id));
}

/* ---- quotas and expiry ---- */

static enum catalog_error fill_totals(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    struct catalog_upload_totals *totals = item;
    (void)cat;
    totals->count = sqlite3_column_int64(row, UPLOAD_TOTALS_COUNT);
    totals->total_bytes = sqlite3_column_int64(row, UPLOAD_TOTALS_BYTES);
    totals->left_bytes = sqlite3_column_int64(row, UPLOAD_TOTALS_LEFT_BYTES);
    return CATALOG_OK;
}

enum catalog_error catalog_upload_totals(
    struct catalog *cat, const char *user, int64_t idle_below_ms, struct catalog_upload_totals *out)
{
    struct catalog_upload_totals *rows = NULL;
    size_t count = 0;
    *out = (struct catalog_upload_totals){0};
    sqlite3_stmt *query = db_query(cat, STATEMENT_UPLOAD_TOTALS, "sl", user, idle_below_ms);
    enum catalog_error error =
        db_read_all(cat, query, fill_totals, sizeof(rows[0]), (void **)&rows, &count);
    if (error == CATALOG_OK && count > 0)
        *out = rows[0];
    free(rows);
    return error;
}

enum catalog_error catalog_uploads_age(struct catalog *cat, int64_t elapsed_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, db_execute(cat, STATEMENT_UPLOADS_AGE, "l", elapsed_ms));
}

enum catalog_error catalog_uploads_idle(
    struct catalog *cat, int64_t idle_ms, struct catalog_uploads *out)
{
    return read_uploads(cat, db_query(cat, STATEMENT_UPLOADS_IDLE, "l", idle_ms), out);
}

static enum catalog_error expire_upload(
    struct catalog *cat, const char *id, int64_t idle_ms, bool *expired)
{
    enum catalog_error error = db_execute(cat, STATEMENT_UPLOAD_EXPIRE, "sl", id, idle_ms);
    *expired = error == CATALOG_OK && db_changed_rows(cat) > 0;
    return error;
}

enum catalog_error catalog_upload_expire(
    struct catalog *cat, const char *id, int64_t idle_ms, bool *expired)
{
    *expired = false;
    enum catalog_error error = db_begin(cat);
    if (error == CATALOG_OK)
        error = db_end(cat, expire_upload(cat, id, idle_ms, expired));
    *expired &= error == CATALOG_OK;
    return error;
}

/* ---- the files in DATA/sources ---- */

static enum catalog_error fill_name(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    char **name = item;
    *name = db_text(cat, row, DB_ONLY_COLUMN);
    return CATALOG_OK;
}

enum catalog_error catalog_source_files(struct catalog *cat, char ***out, size_t *count)
{
    char **names = NULL;
    size_t name_count = 0;
    enum catalog_error error = db_read_all(cat, db_query(cat, STATEMENT_SOURCE_FILES, ""),
        fill_name, sizeof(names[0]), (void **)&names, &name_count);
    /* The array ends in NULL. */
    size_t with_end = name_count;
    if (error == CATALOG_OK && !db_grow((void **)&names, &with_end, sizeof(names[0])))
        error = db_out_of_memory(cat);
    if (error != CATALOG_OK) {
        for (size_t i = 0; i < name_count; i++)
            free(names[i]);
        free(names);
        return error;
    }
    *out = names;
    *count = name_count;
    return CATALOG_OK;
}

void catalog_names_free(char **names)
{
    for (size_t i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
}
