/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/changes.h"

#include <stdlib.h>

#include "catalog/db.h"

/* forgotten: changes.forgotten of the schema. */
static enum catalog_error read_numbers(struct catalog *cat, int64_t *number, int64_t *forgotten)
{
    sqlite3_stmt *query = db_query(cat, STATEMENT_CHANGES, "");
    int row = db_row(cat, query);
    if (row < 0)
        return row;
    if (row == 0)
        return db_fail(cat, CATALOG_ECORRUPT, "the number of changes is missing");
    *number = sqlite3_column_int64(query, CHANGES_NUMBER);
    *forgotten = sqlite3_column_int64(query, CHANGES_FORGOTTEN);
    db_done(query);
    return CATALOG_OK;
}

enum catalog_error catalog_change_number(struct catalog *cat, int64_t *out)
{
    int64_t forgotten;
    return read_numbers(cat, out, &forgotten);
}

static enum catalog_error fill_id(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    (void)cat;
    *(int64_t *)item = sqlite3_column_int64(row, DB_ONLY_COLUMN);
    return CATALOG_OK;
}

/* One more than the limit is asked for, which tells whether there are more. */
static enum catalog_error read_changes(
    struct catalog *cat, int64_t since, int limit, struct catalog_changes *out)
{
    enum catalog_error error = catalog_lessons_changed(cat, since, limit + 1, &out->lessons);
    if (error == CATALOG_OK)
        error = db_read_all(cat, db_query(cat, STATEMENT_LESSONS_REMOVED, "li", since, limit + 1),
            fill_id, sizeof(out->removed[0]), (void **)&out->removed, &out->removed_count);
    return error;
}

enum catalog_error catalog_changes(
    struct catalog *cat, int64_t since, int limit, struct catalog_changes *out)
{
    int64_t forgotten = 0;
    *out = (struct catalog_changes){0};
    /* The number is read first: a change that comes in between is told twice, and not never. */
    enum catalog_error error = read_numbers(cat, &out->number, &forgotten);
    if (error != CATALOG_OK)
        return error;
    /* A number of the future is one of another catalog, which was there before a restore. */
    out->reread = since < forgotten || since > out->number;
    if (!out->reread && since < out->number)
        error = read_changes(cat, since, limit, out);
    bool too_many = out->lessons.count > (size_t)limit || out->removed_count > (size_t)limit;
    if (error == CATALOG_OK && !too_many)
        return CATALOG_OK;
    int64_t number = out->number;
    catalog_changes_free(out);
    *out = (struct catalog_changes){.number = number, .reread = too_many};
    return error;
}

void catalog_changes_free(struct catalog_changes *changes)
{
    if (!changes)
        return;
    catalog_lessons_free(&changes->lessons);
    free(changes->removed);
    *changes = (struct catalog_changes){0};
}
