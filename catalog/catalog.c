/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/db.h"
#include "catalog/migrate.h"

/* A catalog contains password hashes and sessions. Other users must not read it, whatever the
 * folder's mode and the umask. */
#define CATALOG_MODE 0640

#define MAX_PATH_BYTES 4096
#define BUSY_TIMEOUT_MS 10000
/* A backup copies this many pages at a time. */
#define BACKUP_STEP_PAGES 1024
#define BACKUP_RETRY_MS 10

/* ---- opening and closing ---- */

static enum catalog_error configure(struct catalog *cat, const struct catalog_params *params)
{
    int64_t timeout_ms = params->busy_timeout_ms > 0 ? params->busy_timeout_ms : BUSY_TIMEOUT_MS;
    sqlite3_extended_result_codes(cat->db, 1);
    sqlite3_busy_timeout(cat->db, (int)(timeout_ms > INT32_MAX ? INT32_MAX : timeout_ms));
    /* The first query shows whether the file is a database at all. */
    if (sqlite3_exec(cat->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) != SQLITE_OK)
        return db_error(cat);
    return CATALOG_OK;
}

static enum catalog_error configure_writing(struct catalog *cat)
{
    static const char pragmas[] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864";
    if (sqlite3_exec(cat->db, pragmas, NULL, NULL, NULL) != SQLITE_OK)
        return db_error(cat);
    return CATALOG_OK;
}

/* Creates an empty file, which SQLite takes for a new database. SQLite gives the files beside it
 * the same mode. */
static enum catalog_error create_private_file(struct catalog *cat, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, CATALOG_MODE);
    if (fd < 0 && errno == EEXIST)
        return CATALOG_OK; /* another process was first */
    if (fd < 0)
        return db_fail(cat, CATALOG_EPERM, "%s can't be written: %s", path, strerror(errno));
    close(fd);
    return CATALOG_OK;
}

/* Corrects the mode of files from older versions, which left it to the umask. If it can't be
 * changed (the file has another owner, the file system has no modes), the log says so, and the
 * catalog is used all the same. */
static void correct_mode(const struct catalog *cat, const struct catalog_params *params)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        char path[MAX_PATH_BYTES];
        int length = snprintf(path, sizeof(path), "%s%s", cat->path, endings[i]);
        struct stat status;
        if (length >= (int)sizeof(path) || stat(path, &status) < 0 ||
            !(status.st_mode & 0777 & ~CATALOG_MODE))
            continue;
        if (chmod(path, status.st_mode & CATALOG_MODE) == 0 || !params->log)
            continue;
        char message[MAX_PATH_BYTES + 128];
        snprintf(message, sizeof(message),
            "%s can be opened by others, and that can't be changed: %s", path, strerror(errno));
        params->log(params->log_ctx, message);
    }
}

static enum catalog_error open_file(struct catalog *cat, const struct catalog_params *params)
{
    bool exists = access(params->path, F_OK) == 0;
    if (!exists && errno != ENOENT)
        return db_fail(cat, CATALOG_EPERM, "the catalog %s can't be reached: %s", params->path,
            strerror(errno));
    if (!exists && (params->must_exist || params->read_only))
        return db_fail(cat, CATALOG_ENOTFOUND, "there is no catalog at %s", params->path);
    if (exists && access(params->path, params->read_only ? R_OK : R_OK | W_OK) < 0)
        return db_fail(cat, CATALOG_EPERM, "the catalog %s can't be %s: %s", params->path,
            params->read_only ? "read" : "written", strerror(errno));
    if (!exists) {
        enum catalog_error error = create_private_file(cat, params->path);
        if (error != CATALOG_OK)
            return error;
    }
    int flags =
        params->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (sqlite3_open_v2(params->path, &cat->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return cat->db ? db_error(cat) : db_out_of_memory(cat);
    return CATALOG_OK;
}

static enum catalog_error open_and_migrate(struct catalog *cat, const struct catalog_params *params)
{
    enum catalog_error error = open_file(cat, params);
    if (error == CATALOG_OK)
        error = configure(cat, params);
    if (error == CATALOG_OK)
        error = migrate(cat, !params->must_exist && !params->read_only, !params->read_only);
    if (error == CATALOG_OK && !params->read_only)
        error = configure_writing(cat);
    return error;
}

/* Replaces the messages of three errors by sentences for people. A message of db_error() has
 * SQLite's own text in parentheses; for EPERM, only such a message is replaced. */
static void write_message_for_people(struct catalog *cat, enum catalog_error error)
{
    if (error == CATALOG_EFOREIGN)
        db_fail(cat, error, "%s is not a Terrace catalog", cat->path);
    else if (error == CATALOG_ECORRUPT)
        db_fail(cat, error, "the catalog %s is damaged; restore it from a backup", cat->path);
    else if (error == CATALOG_EPERM && strchr(cat->message, '('))
        db_fail(cat, error, "the catalog %s can't be written: check the folder's permissions",
            cat->path);
}

enum catalog_error catalog_open(
    struct catalog **out, const struct catalog_params *params, char *message, size_t message_bytes)
{
    *out = NULL;
    struct catalog *cat = calloc(1, sizeof(*cat));
    if (cat)
        cat->path = strdup(params->path);
    if (!cat || !cat->path) {
        if (message)
            snprintf(message, message_bytes, "out of memory");
        free(cat);
        return CATALOG_ENOMEM;
    }
    enum catalog_error error = open_and_migrate(cat, params);
    if (error != CATALOG_OK) {
        write_message_for_people(cat, error);
        if (message)
            snprintf(message, message_bytes, "%s", cat->message);
        catalog_close(&cat);
        return error;
    }
    if (!params->read_only && !params->must_exist)
        correct_mode(cat, params);
    cat->log = params->log;
    cat->log_ctx = params->log_ctx;
    *out = cat;
    return CATALOG_OK;
}

void catalog_close(struct catalog **catalog)
{
    struct catalog *cat = *catalog;
    if (!cat)
        return;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(cat->statements[i]);
    sqlite3_close(cat->db);
    free(cat->path);
    free(cat);
    *catalog = NULL;
}

/* ---- checks ---- */

/* Runs a pragma and reads the first column of its first row into text; "" if there is no row. */
static enum catalog_error read_pragma(
    struct catalog *cat, const char *pragma, char *text, size_t text_bytes)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(cat->db, pragma, -1, &statement, NULL) != SQLITE_OK)
        return db_error(cat);
    int row = db_row(cat, statement);
    const char *column = row > 0 ? (const char *)sqlite3_column_text(statement, 0) : "";
    snprintf(text, text_bytes, "%s", column ? column : "");
    sqlite3_finalize(statement);
    return row < 0 ? row : CATALOG_OK;
}

enum catalog_error catalog_check(struct catalog *cat)
{
    char finding[sizeof(cat->message)];
    enum catalog_error error =
        read_pragma(cat, "PRAGMA integrity_check(1)", finding, sizeof(finding));
    if (error != CATALOG_OK)
        return error;
    if (strcmp(finding, "ok") != 0) {
        /* SQLite's finding may have several lines, and a message is one line. */
        for (char *end = finding; (end = strchr(end, '\n'));)
            *end = ' ';
        return db_fail(cat, CATALOG_ECORRUPT, "%s: damaged: %s", cat->path, finding);
    }
    /* Each row is a table that refers to a row that does not exist. */
    error = read_pragma(cat, "PRAGMA foreign_key_check", finding, sizeof(finding));
    if (error != CATALOG_OK)
        return error;
    if (*finding)
        return db_fail(cat, CATALOG_ECORRUPT, "%s: dangling rows in %s", cat->path, finding);
    return CATALOG_OK;
}

/* ---- backup ---- */

static enum catalog_error copy_pages(struct catalog *cat, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", cat->db, "main");
    if (!backup)
        return db_fail(cat, CATALOG_EIO, "backup: %s", sqlite3_errmsg(to));
    /* Others can write between the steps. If they do, SQLite begins again at the first page. */
    int code;
    while ((code = sqlite3_backup_step(backup, BACKUP_STEP_PAGES)) == SQLITE_OK ||
           code == SQLITE_BUSY || code == SQLITE_LOCKED)
        sqlite3_sleep(code == SQLITE_OK ? 0 : BACKUP_RETRY_MS);
    sqlite3_backup_finish(backup);
    if (code != SQLITE_DONE)
        return db_fail(cat, db_error_of(code), "backup: %s", sqlite3_errstr(code));
    return CATALOG_OK;
}

/* Copies the catalog into an existing empty file. final_path: the name that messages use. */
static enum catalog_error copy_into(struct catalog *cat, const char *file, const char *final_path)
{
    sqlite3 *to = NULL;
    enum catalog_error error;
    if (sqlite3_open_v2(file, &to, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
        error = copy_pages(cat, to);
    else
        error = db_fail(cat, CATALOG_EPERM, "%s can't be written: %s", final_path,
            to ? sqlite3_errmsg(to) : "out of memory");
    /* Without WAL, the backup is one file and needs no log beside it. SQLite syncs it here. */
    if (error == CATALOG_OK &&
        sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK)
        error = db_fail(cat, CATALOG_EIO, "backup: %s", sqlite3_errmsg(to));
    sqlite3_close(to);
    return error;
}

/* Renames a file, but never over an existing one. */
static enum catalog_error rename_new(struct catalog *cat, const char *from, const char *to)
{
    int failed = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (failed && errno == EINVAL)
        failed = rename(from, to); /* this file system has no RENAME_NOREPLACE */
    if (!failed)
        return CATALOG_OK;
    return errno == EEXIST
               ? db_fail(cat, CATALOG_EEXISTS, "%s is there already", to)
               : db_fail(cat, CATALOG_EPERM, "%s can't be written: %s", to, strerror(errno));
}

/* Syncs the folder of a file. Its new name is on the disk only after this. */
static enum catalog_error sync_folder_of(struct catalog *cat, const char *path)
{
    char folder[MAX_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) + 1 : 0;
    snprintf(folder, sizeof(folder), "%.*s", length > 0 ? length : 1, length > 0 ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    return synced ? CATALOG_OK
                  : db_fail(cat, CATALOG_EIO, "%s can't be synced: %s", folder, strerror(error));
}

enum catalog_error catalog_backup(struct catalog *cat, const char *path)
{
    /* The process id keeps two backups at the same time apart. */
    char temporary[MAX_PATH_BYTES];
    int length = snprintf(temporary, sizeof(temporary), "%s.%d.tmp", path, (int)getpid());
    if (length >= (int)sizeof(temporary))
        return db_fail(cat, CATALOG_EINVAL, "the name is too long");
    if (access(path, F_OK) == 0)
        return db_fail(cat, CATALOG_EEXISTS, "%s is there already", path);
    unlink(temporary);
    enum catalog_error error = create_private_file(cat, temporary);
    if (error == CATALOG_OK)
        error = copy_into(cat, temporary, path);
    if (error == CATALOG_OK)
        error = rename_new(cat, temporary, path);
    if (error == CATALOG_OK)
        error = sync_folder_of(cat, path);
    if (error != CATALOG_OK)
        unlink(temporary);
    return error;
}
