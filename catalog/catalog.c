/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/db.h"

/* Passwords' hashes and sessions stand in a catalog: others have no business in it, whatever the
 * folder's mode and the umask. */
#define CATALOG_MODE 0640

/* ---- opening and closing ---- */

static int configure(struct catalog *c, const struct catalog_params *params)
{
    int64_t timeout_ms = params->busy_timeout_ms > 0 ? params->busy_timeout_ms : 10000;
    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_busy_timeout(c->db, (int)(timeout_ms > INT32_MAX ? INT32_MAX : timeout_ms));
    /* A foreign or damaged file shows itself at the first real reading. */
    if (sqlite3_exec(c->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) != SQLITE_OK)
        return db_error(c);
    return CATALOG_OK;
}

static int configure_writing(struct catalog *c)
{
    static const char pragmas[] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864";
    if (sqlite3_exec(c->db, pragmas, NULL, NULL, NULL) != SQLITE_OK)
        return db_error(c);
    return CATALOG_OK;
}

/* An empty file is a fresh catalog to SQLite, which gives the files beside it the same mode. */
static int make_private(struct catalog *c, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, CATALOG_MODE);
    if (fd < 0 && errno != EEXIST) /* else another process was first */
        return db_fail(c, CATALOG_EPERM, "%s can't be written: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return CATALOG_OK;
}

/* Older versions left the catalog to the umask. Where it can't be changed (another owner, a file
 * system without modes) the node works on, and says so. */
static void keep_private(const struct catalog *c, const struct catalog_params *params)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        char path[4096], message[4096 + 128];
        struct stat status;
        if (snprintf(path, sizeof(path), "%s%s", c->path, endings[i]) >= (int)sizeof(path) ||
            stat(path, &status) < 0 || !(status.st_mode & 0777 & ~CATALOG_MODE))
            continue;
        if (chmod(path, status.st_mode & CATALOG_MODE) == 0 || !params->log)
            continue;
        snprintf(message, sizeof(message),
            "%s can be opened by others, and that can't be changed: %s", path, strerror(errno));
        params->log(params->log_ctx, message);
    }
}

static int open_file(struct catalog *c, const struct catalog_params *params)
{
    bool there = access(params->path, F_OK) == 0;
    if (!there && (params->must_exist || params->read_only))
        return db_fail(c, CATALOG_ENOTFOUND, "there is no catalog at %s", params->path);
    if (there && access(params->path, params->read_only ? R_OK : R_OK | W_OK) < 0)
        return db_fail(c, CATALOG_EPERM, "the catalog %s can't be %s: %s", params->path,
            params->read_only ? "read" : "written", strerror(errno));
    int error = there ? CATALOG_OK : make_private(c, params->path);
    if (error != CATALOG_OK)
        return error;
    int flags =
        params->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (sqlite3_open_v2(params->path, &c->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return c->db ? db_error(c) : db_fail(c, CATALOG_ENOMEM, "out of memory");
    return CATALOG_OK;
}

/* SQLite's own words for these are for programmers. */
static void plain_words(struct catalog *c, int error)
{
    if (error == CATALOG_EFOREIGN)
        snprintf(c->message, sizeof(c->message), "%s is not a Terrace catalog", c->path);
    else if (error == CATALOG_ECORRUPT)
        snprintf(c->message, sizeof(c->message),
            "the catalog %s is damaged; restore it from a backup", c->path);
    else if (error == CATALOG_EPERM && strstr(c->message, "(") != NULL)
        snprintf(c->message, sizeof(c->message),
            "the catalog %s can't be written: check the folder's permissions", c->path);
}

int catalog_open(
    struct catalog **out, const struct catalog_params *params, char *message, size_t message_bytes)
{
    *out = NULL;
    struct catalog *c = calloc(1, sizeof(*c));
    if (c)
        c->path = strdup(params->path);
    if (!c || !c->path) {
        if (message)
            snprintf(message, message_bytes, "out of memory");
        free(c);
        return CATALOG_ENOMEM;
    }
    int error = open_file(c, params);
    if (error == CATALOG_OK)
        error = configure(c, params);
    if (error == CATALOG_OK)
        error = db_migrate(c, params);
    if (error == CATALOG_OK && !params->read_only)
        error = configure_writing(c);
    if (error != CATALOG_OK) {
        plain_words(c, error);
        if (message)
            snprintf(message, message_bytes, "%s", c->message);
        catalog_close(&c);
        return error;
    }
    if (!params->read_only && !params->must_exist)
        keep_private(c, params);
    c->log = params->log;
    c->log_ctx = params->log_ctx;
    *out = c;
    return CATALOG_OK;
}

void catalog_close(struct catalog **catalog)
{
    struct catalog *c = *catalog;
    if (!c)
        return;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(c->statements[i]);
    sqlite3_close(c->db);
    free(c->path);
    free(c);
    *catalog = NULL;
}

/* ---- checking and backup ---- */

int catalog_check(struct catalog *c)
{
    static const char *const pragmas[] = {"PRAGMA integrity_check(1)", "PRAGMA foreign_key_check"};
    for (size_t i = 0; i < 2; i++) {
        sqlite3_stmt *statement = NULL;
        int error = sqlite3_prepare_v2(c->db, pragmas[i], -1, &statement, NULL) == SQLITE_OK
                        ? CATALOG_OK
                        : db_error(c);
        int row = error == CATALOG_OK ? db_row(c, statement) : error;
        if (row > 0) {
            const char *finding = (const char *)sqlite3_column_text(statement, 0);
            if (i == 1 || !finding || strcmp(finding, "ok") != 0) {
                error = db_fail(c, CATALOG_ECORRUPT, "%s: %s %s", c->path,
                    i ? "dangling rows in" : "damaged:", finding ? finding : "");
                for (char *end = c->message; (end = strchr(end, '\n'));)
                    *end = ' ';
            }
        } else if (row < 0) {
            error = row;
        }
        sqlite3_finalize(statement);
        if (error != CATALOG_OK)
            return error;
    }
    return CATALOG_OK;
}

static int copy_into(struct catalog *c, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", c->db, "main");
    if (!backup)
        return db_fail(c, CATALOG_EIO, "backup: %s", sqlite3_errmsg(to));
    int code;
    /* By pieces, so that others can write in between; a change in between begins it anew. */
    while ((code = sqlite3_backup_step(backup, 1024)) == SQLITE_OK || code == SQLITE_BUSY ||
           code == SQLITE_LOCKED)
        sqlite3_sleep(code == SQLITE_OK ? 0 : 10);
    sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE)
        return CATALOG_OK;
    return db_fail(c, db_error_of(code), "backup: %s", sqlite3_errstr(code));
}

/* Renames, but never over what is there. */
static int move_new(struct catalog *c, const char *from, const char *to)
{
    int failed = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (failed && errno == EINVAL)
        failed = rename(from, to); /* a file system that can't promise it */
    if (!failed)
        return CATALOG_OK;
    return errno == EEXIST
               ? db_fail(c, CATALOG_EEXISTS, "%s is there already", to)
               : db_fail(c, CATALOG_EPERM, "%s can't be written: %s", to, strerror(errno));
}

int catalog_backup(struct catalog *c, const char *path)
{
    char temporary[4096];
    /* A name of its own, so that two backups at once don't spoil each other's. */
    if (snprintf(temporary, sizeof(temporary), "%s.%d.tmp", path, (int)getpid()) >=
        (int)sizeof(temporary))
        return db_fail(c, CATALOG_EINVAL, "the name is too long");
    if (access(path, F_OK) == 0)
        return db_fail(c, CATALOG_EEXISTS, "%s is there already", path);
    unlink(temporary);
    sqlite3 *to = NULL;
    int error = make_private(c, temporary);
    if (error == CATALOG_OK &&
        sqlite3_open_v2(temporary, &to, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        error = db_fail(c, CATALOG_EPERM, "%s can't be written: %s", path,
            to ? sqlite3_errmsg(to) : "out of memory");
    if (error == CATALOG_OK)
        error = copy_into(c, to);
    /* One file that stands for itself, without a log beside it; SQLite syncs it on the way. */
    if (error == CATALOG_OK &&
        sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK)
        error = db_fail(c, CATALOG_EIO, "backup: %s", sqlite3_errmsg(to));
    sqlite3_close(to);
    if (error == CATALOG_OK)
        error = move_new(c, temporary, path);
    if (error != CATALOG_OK)
        unlink(temporary);
    return error;
}
