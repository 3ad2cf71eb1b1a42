/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/lesson_rows.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/db.h"

static int progress_of(enum catalog_lesson_state state, int permille)
{
    /* The probe is a job too, but no measure of the whole work. */
    return state == CATALOG_LESSON_READY ? 1000 : state == CATALOG_LESSON_QUEUED ? 0 : permille;
}

static enum catalog_error fill_lesson(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    struct catalog_lesson *l = item;
    l->id = sqlite3_column_int64(row, LESSON_ID);
    l->revision = sqlite3_column_int(row, LESSON_REVISION);
    l->state = sqlite3_column_int(row, LESSON_STATE);
    l->published = sqlite3_column_int(row, LESSON_PUBLISHED) != 0;
    l->playable = sqlite3_column_int(row, LESSON_PLAYABLE) != 0;
    l->title = db_text(cat, row, LESSON_TITLE);
    l->topic = db_text(cat, row, LESSON_TOPIC);
    l->description = db_text(cat, row, LESSON_DESCRIPTION);
    l->language = db_text(cat, row, LESSON_LANGUAGE);
    l->submitter = db_text(cat, row, LESSON_SUBMITTER);
    l->reason = db_text(cat, row, LESSON_REASON);
    l->reason_detail = db_text(cat, row, LESSON_REASON_DETAIL);
    l->salvaged = db_text(cat, row, LESSON_SALVAGED);
    l->duration_us = sqlite3_column_int64(row, LESSON_DURATION_US);
    l->created_ms = sqlite3_column_int64(row, LESSON_CREATED_MS);
    l->updated_ms = sqlite3_column_int64(row, LESSON_UPDATED_MS);
    l->progress_permille = progress_of(l->state, sqlite3_column_int(row, LESSON_PROGRESS_PERMILLE));
    l->source_file = db_text(cat, row, LESSON_SOURCE_FILE);
    l->source_name = db_text(cat, row, LESSON_SOURCE_NAME);
    l->source_sha256 = db_text(cat, row, LESSON_SOURCE_SHA256);
    l->source_bytes = sqlite3_column_int64(row, LESSON_SOURCE_BYTES);
    l->remuxed_file = db_text(cat, row, LESSON_REMUXED_FILE);
    l->remuxed_bytes = sqlite3_column_int64(row, LESSON_REMUXED_BYTES);
    l->media_bytes = sqlite3_column_int64(row, LESSON_MEDIA_BYTES);
    l->poster_file = db_text(cat, row, LESSON_POSTER_FILE);
    l->legacy_name = db_text(cat, row, LESSON_LEGACY_NAME);
    l->info_text = db_text(cat, row, LESSON_INFO_TEXT);
    l->priority = sqlite3_column_int(row, LESSON_PRIORITY);
    l->paused = sqlite3_column_int(row, LESSON_PAUSED) != 0;
    l->queued_jobs = sqlite3_column_int(row, LESSON_QUEUED_JOBS);
    l->running_jobs = sqlite3_column_int(row, LESSON_RUNNING_JOBS);
    l->optional_jobs = sqlite3_column_int(row, LESSON_OPTIONAL_JOBS);
    l->optional_permille = sqlite3_column_int(row, LESSON_OPTIONAL_PERMILLE);
    l->optional_failed = sqlite3_column_int(row, LESSON_OPTIONAL_FAILED) != 0;
    l->optional_made = sqlite3_column_int(row, LESSON_OPTIONAL_MADE);
    l->storyboard_sheets = sqlite3_column_int(row, LESSON_STORYBOARD_SHEETS);
    return CATALOG_OK;
}

static enum catalog_error read_lessons(
    struct catalog *cat, sqlite3_stmt *query, struct catalog_lessons *out)
{
    *out = (struct catalog_lessons){0};
    enum catalog_error error = db_read_all(
        cat, query, fill_lesson, sizeof(out->items[0]), (void **)&out->items, &out->count);
    if (error != CATALOG_OK)
        catalog_lessons_free(out);
    return error;
}

/* Makes the pattern for LIKE that finds `search` anywhere. Returns NULL if memory is short; the
 * caller frees it. */
static char *make_pattern(const char *search)
{
    size_t length = search ? strlen(search) : 0;
    char *pattern = malloc(2 * length + 3), *at = pattern;
    if (!pattern)
        return NULL;
    if (length > 0)
        *at++ = '%';
    for (size_t i = 0; i < length; i++) {
        if (strchr("%_\\", search[i]))
            *at++ = '\\';
        *at++ = search[i];
    }
    if (length > 0)
        *at++ = '%';
    *at = '\0';
    return pattern;
}

enum catalog_error catalog_lessons(
    struct catalog *cat, const struct catalog_lesson_filter *filter, struct catalog_lessons *out)
{
    if (filter->at_work)
        return read_lessons(cat, db_query(cat, STATEMENT_LESSONS_AT_WORK, ""), out);
    enum statement number =
        filter->published_only ? STATEMENT_LESSONS_PUBLISHED : STATEMENT_LESSONS;
    int64_t before_id = filter->before_id > 0 ? filter->before_id : INT64_MAX;
    int limit = filter->limit > 0 ? filter->limit : DB_NO_LIMIT;
    char *pattern = make_pattern(filter->search);
    if (!pattern) {
        *out = (struct catalog_lessons){0};
        return db_out_of_memory(cat);
    }
    enum catalog_error error =
        read_lessons(cat, db_query(cat, number, "lis", before_id, limit, pattern), out);
    free(pattern);
    return error;
}

enum catalog_error catalog_lessons_changed(
    struct catalog *cat, int64_t since, int limit, struct catalog_lessons *out)
{
    return read_lessons(cat, db_query(cat, STATEMENT_LESSONS_CHANGED, "li", since, limit), out);
}

enum catalog_error catalog_lesson_get(
    struct catalog *cat, int64_t lesson_id, struct catalog_lessons *out)
{
    enum catalog_error error =
        read_lessons(cat, db_query(cat, STATEMENT_LESSON_GET, "l", lesson_id), out);
    if (error == CATALOG_OK && out->count == 0)
        error = db_fail(cat, CATALOG_ENOTFOUND, "there is no lesson %lld", (long long)lesson_id);
    return error;
}

void catalog_lessons_free(struct catalog_lessons *lessons)
{
    if (!lessons)
        return;
    for (size_t i = 0; i < lessons->count; i++) {
        struct catalog_lesson *l = &lessons->items[i];
        char *const texts[] = {l->title, l->topic, l->description, l->language, l->submitter,
            l->reason, l->reason_detail, l->source_file, l->source_name, l->source_sha256,
            l->remuxed_file, l->poster_file, l->legacy_name, l->info_text, l->salvaged};
        for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++)
            free(texts[t]);
    }
    free(lessons->items);
    *lessons = (struct catalog_lessons){0};
}
