/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "catalog/db.h"

static int fill_lesson(struct catalog *c, sqlite3_stmt *s, struct catalog_lesson *l)
{
    l->id = sqlite3_column_int64(s, 0);
    l->revision = sqlite3_column_int(s, 1);
    l->state = sqlite3_column_int(s, 2);
    l->published = sqlite3_column_int(s, 3) != 0;
    char **const texts[] = {&l->title, &l->topic, &l->description, &l->language, &l->submitter,
        &l->reason, &l->reason_detail};
    bool complete = true;
    for (int i = 0; i < 7; i++)
        complete &= (*texts[i] = db_text(s, 4 + i)) != NULL;
    l->duration_us = sqlite3_column_int64(s, 11);
    l->created_ms = sqlite3_column_int64(s, 12);
    l->updated_ms = sqlite3_column_int64(s, 13);
    char **const more[] = {&l->poster_file, &l->info_text, &l->source_file, &l->remuxed_file,
        &l->source_name, &l->source_sha256};
    for (int i = 0; i < 6; i++)
        complete &= (*more[i] = db_text(s, 14 + i)) != NULL;
    l->source_bytes = sqlite3_column_int64(s, 20);
    l->remuxed_bytes = sqlite3_column_int64(s, 21);
    l->playable = sqlite3_column_int(s, 22) != 0;
    /* The probe is no measure of the whole. */
    l->progress_permille = l->state == CATALOG_LESSON_READY    ? 1000
                           : l->state == CATALOG_LESSON_QUEUED ? 0
                                                               : sqlite3_column_int(s, 23);
    l->media_bytes = sqlite3_column_int64(s, 24);
    l->priority = sqlite3_column_int(s, 25);
    l->paused = sqlite3_column_int(s, 26) != 0;
    l->queued_jobs = sqlite3_column_int(s, 27);
    l->running_jobs = sqlite3_column_int(s, 28);
    l->storyboard_sheets = sqlite3_column_int(s, 29);
    complete &= (l->legacy_name = db_text(s, 30)) != NULL;
    l->optional_made = sqlite3_column_int(s, 31);
    l->optional_jobs = sqlite3_column_int(s, 32);
    l->optional_permille = sqlite3_column_int(s, 33);
    l->optional_failed = sqlite3_column_int(s, 34) != 0;
    complete &= (l->salvaged = db_text(s, 35)) != NULL;
    return complete ? CATALOG_OK : db_fail(c, CATALOG_ENOMEM, "out of memory");
}

static int read_lessons(struct catalog *c, sqlite3_stmt *statement, struct catalog_lessons *out)
{
    int row;
    *out = (struct catalog_lessons){0};
    while ((row = db_row(c, statement)) > 0) {
        struct catalog_lesson *lesson = db_grow((void **)&out->items, &out->count, sizeof(*lesson));
        row = lesson ? fill_lesson(c, statement, lesson)
                     : db_fail(c, CATALOG_ENOMEM, "out of memory");
        if (row < 0)
            break;
    }
    db_done(statement);
    if (row < 0)
        catalog_lessons_free(out);
    return row;
}

int catalog_lessons(
    struct catalog *c, const struct catalog_lesson_filter *filter, struct catalog_lessons *out)
{
    if (filter->at_work)
        return read_lessons(c, db_statement(c, STATEMENT_LESSONS_AT_WORK), out);
    enum statement number =
        filter->published_only ? STATEMENT_LESSONS_PUBLISHED : STATEMENT_LESSONS;
    int64_t before = filter->before_id > 0 ? filter->before_id : INT64_MAX;
    int64_t most = filter->limit > 0 ? filter->limit : -1;
    return read_lessons(c, db_bind(db_statement(c, number), "ii", before, most), out);
}

int catalog_lesson_get(struct catalog *c, int64_t lesson_id, struct catalog_lessons *out)
{
    int error =
        read_lessons(c, db_bind(db_statement(c, STATEMENT_LESSON_GET), "i", lesson_id), out);
    if (error == CATALOG_OK && out->count == 0)
        error = db_fail(c, CATALOG_ENOTFOUND, "there is no lesson %lld", (long long)lesson_id);
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
