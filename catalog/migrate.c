/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "catalog/db.h"
#include "catalog/migrations.h"

/* "Terr": marks the file as ours (PRAGMA application_id). */
#define APPLICATION_ID 0x54657272

static int read_pragma(struct catalog *c, const char *sql, int64_t *value)
{
    sqlite3_stmt *statement = NULL;
    int error = CATALOG_OK;
    if (sqlite3_prepare_v2(c->db, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        error = db_error(c);
    else
        *value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return error;
}

static int execute(struct catalog *c, const char *sql)
{
    return sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK ? CATALOG_OK : db_error(c);
}

/* One step, whole or not at all. The version is looked at again inside: another process may have
 * been faster. */
static int step(struct catalog *c, int64_t from)
{
    char pragmas[128];
    int64_t version = from;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = read_pragma(c, "PRAGMA user_version", &version);
    if (error == CATALOG_OK && version == from) {
        error = execute(c, migration_sql[from]);
        sqlite3_snprintf(sizeof(pragmas), pragmas,
            "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, (int)from + 1);
        if (error == CATALOG_OK)
            error = execute(c, pragmas);
    }
    return db_end(c, error);
}

static int judge(struct catalog *c, const struct catalog_params *params, int64_t application_id,
    int64_t version, int64_t tables)
{
    bool fresh = application_id == 0 && version == 0 && tables == 0;
    if (fresh && (params->must_exist || params->read_only))
        return db_fail(c, CATALOG_ENOTFOUND, "the catalog %s is empty", c->path);
    if (!fresh && application_id != APPLICATION_ID)
        return db_fail(c, CATALOG_EFOREIGN, "%s is not a Terrace catalog", c->path);
    if (version > MIGRATION_COUNT)
        return db_fail(c, CATALOG_ENEWER,
            "the catalog %s was written by a newer Terrace (version %d, this program knows %d): "
            "update this program",
            c->path, (int)version, MIGRATION_COUNT);
    return CATALOG_OK;
}

int db_migrate(struct catalog *c, const struct catalog_params *params)
{
    int64_t application_id = 0, version = 0, tables = 0;
    int error = read_pragma(c, "PRAGMA application_id", &application_id);
    if (error == CATALOG_OK)
        error = read_pragma(c, "PRAGMA user_version", &version);
    if (error == CATALOG_OK)
        error = read_pragma(c, "SELECT count(*) FROM sqlite_schema", &tables);
    if (error == CATALOG_OK)
        error = judge(c, params, application_id, version, tables);
    if (params->read_only && error == CATALOG_OK && version < MIGRATION_COUNT)
        return db_fail(c, CATALOG_ESTATE,
            "the catalog %s is of an older form: start the node once, it will be renewed", c->path);
    for (; error == CATALOG_OK && version < MIGRATION_COUNT; version++)
        error = step(c, version);
    return error;
}
