/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/migrate.h"

#include <string.h>

#include "catalog/db.h"
#include "catalog/migrations.h"

/* "Terr": marks the file as ours (PRAGMA application_id). */
#define APPLICATION_ID 0x54657272

static enum catalog_error read_number(struct catalog *cat, const char *sql, int64_t *value)
{
    sqlite3_stmt *statement = NULL;
    enum catalog_error error = CATALOG_OK;
    if (sqlite3_prepare_v2(cat->db, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        error = db_error(cat);
    else
        *value = sqlite3_column_int64(statement, DB_ONLY_COLUMN);
    sqlite3_finalize(statement);
    return error;
}

static enum catalog_error run_sql(struct catalog *cat, const char *sql)
{
    return sqlite3_exec(cat->db, sql, NULL, NULL, NULL) == SQLITE_OK ? CATALOG_OK : db_error(cat);
}

/* Another process may have taken this step since the version was read, so it is read again here, in
 * the transaction. */
static enum catalog_error take_step(struct catalog *cat, int64_t from)
{
    int64_t version = from;
    enum catalog_error error = read_number(cat, "PRAGMA user_version", &version);
    if (error != CATALOG_OK || version != from)
        return error;
    error = run_sql(cat, migration_sql[from]);
    if (error != CATALOG_OK)
        return error;
    char pragmas[128];
    sqlite3_snprintf(sizeof(pragmas), pragmas,
        "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, (int)from + 1);
    return run_sql(cat, pragmas);
}

enum catalog_error migrate(struct catalog *cat, bool may_fill, bool may_migrate)
{
    int64_t application_id = 0, version = 0, tables = 0;
    enum catalog_error error = read_number(cat, "PRAGMA application_id", &application_id);
    if (error == CATALOG_OK)
        error = read_number(cat, "PRAGMA user_version", &version);
    if (error == CATALOG_OK)
        error = read_number(cat, "SELECT count(*) FROM sqlite_schema", &tables);
    if (error != CATALOG_OK)
        return error;

    bool empty = application_id == 0 && version == 0 && tables == 0;
    if (empty && !may_fill)
        return db_fail(cat, CATALOG_ENOTFOUND, "the catalog %s is empty", cat->path);
    if (!empty && application_id != APPLICATION_ID)
        return db_fail(cat, CATALOG_EFOREIGN, "%s is not a Terrace catalog", cat->path);
    if (version > MIGRATION_COUNT)
        return db_fail(cat, CATALOG_ENEWER,
            "the catalog %s was written by a newer Terrace (version %d, this program knows %d): "
            "update this program",
            cat->path, (int)version, MIGRATION_COUNT);
    if (version < MIGRATION_COUNT && !may_migrate)
        return db_fail(cat, CATALOG_ESTATE,
            "the catalog %s is of an older form: start the node once, it will be renewed",
            cat->path);
    for (; version < MIGRATION_COUNT; version++) {
        error = db_begin(cat);
        if (error == CATALOG_OK)
            error = db_end(cat, take_step(cat, version));
        if (error != CATALOG_OK)
            return error;
    }
    return CATALOG_OK;
}
