/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Passwords' hashes and sessions stand in a catalog: others have no business in it, whatever the
 * folder's mode and the umask. */
#define CATALOG_MODE 0640

static const struct {
    int error;
    const char *name;
} error_names[] = {
    {CATALOG_OK, "ok"},
    {CATALOG_ENOTFOUND, "not found"},
    {CATALOG_EEXISTS, "exists already"},
    {CATALOG_ESTATE, "not in a state that allows this"},
    {CATALOG_EINVAL, "invalid argument"},
    {CATALOG_EBUSY, "busy"},
    {CATALOG_EFULL, "disk full"},
    {CATALOG_EIO, "reading or writing failed"},
    {CATALOG_EPERM, "not permitted"},
    {CATALOG_ECORRUPT, "damaged"},
    {CATALOG_EFOREIGN, "not a Terrace catalog"},
    {CATALOG_ENEWER, "of a newer Terrace"},
    {CATALOG_ENOMEM, "out of memory"},
};

const char *catalog_error_name(int error)
{
    for (size_t i = 0; i < sizeof(error_names) / sizeof(error_names[0]); i++)
        if (error_names[i].error == error)
            return error_names[i].name;
    return "unknown error";
}

/* ---- errors ---- */

int db_fail(struct catalog *c, int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->message, sizeof(c->message), format, arguments);
    va_end(arguments);
    return error;
}

static int error_of(int sqlite_code)
{
    switch (sqlite_code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return CATALOG_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return CATALOG_EBUSY;
    case SQLITE_FULL:
        return CATALOG_EFULL;
    case SQLITE_CORRUPT:
        return CATALOG_ECORRUPT;
    case SQLITE_NOTADB:
        return CATALOG_EFOREIGN;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return CATALOG_EPERM;
    case SQLITE_NOMEM:
        return CATALOG_ENOMEM;
    case SQLITE_CONSTRAINT:
        return CATALOG_EEXISTS;
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
        return CATALOG_EINVAL;
    default:
        return CATALOG_EIO;
    }
}

int db_error(struct catalog *c)
{
    int code = sqlite3_errcode(c->db), error = error_of(code);
    int number = sqlite3_system_errno(c->db);
    if (error == CATALOG_EIO && (number == ENOSPC || number == EDQUOT))
        error = CATALOG_EFULL;
    const char *where = c->transaction_at ? c->transaction_at : "";
    snprintf(c->message, sizeof(c->message), "%s: %s (%s%s%s)", c->path, catalog_error_name(error),
        sqlite3_errmsg(c->db), *where ? ", in the transaction at " : "", where);
    if (c->log && error != CATALOG_EEXISTS)
        c->log(c->log_ctx, c->message);
    return error;
}

const char *catalog_message(const struct catalog *catalog)
{
    return catalog->message;
}

/* ---- statements ---- */

sqlite3_stmt *db_statement(struct catalog *c, enum statement number)
{
    sqlite3_stmt **statement = &c->statements[number];
    if (!*statement && sqlite3_prepare_v3(c->db, statement_sql[number], -1,
                           SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK) {
        db_error(c);
        return NULL;
    }
    db_done(*statement);
    return *statement;
}

sqlite3_stmt *db_bind(sqlite3_stmt *statement, const char *types, ...)
{
    if (!statement)
        return NULL;
    va_list arguments;
    va_start(arguments, types);
    for (int i = 0; types[i]; i++) {
        if (types[i] == 'i') {
            sqlite3_bind_int64(statement, i + 1, va_arg(arguments, int64_t));
        } else if (types[i] == 's') {
            const char *text = va_arg(arguments, const char *);
            sqlite3_bind_text(statement, i + 1, text ? text : "", -1, SQLITE_TRANSIENT);
        } else {
            assert(types[i] == 'b');
            const void *bytes = va_arg(arguments, const void *);
            size_t count = va_arg(arguments, size_t);
            sqlite3_bind_blob64(statement, i + 1, bytes, count, SQLITE_TRANSIENT);
        }
    }
    va_end(arguments);
    return statement;
}

int db_run(struct catalog *c, sqlite3_stmt *statement, int *changed)
{
    int row = statement ? db_row(c, statement) : error_of(sqlite3_errcode(c->db));
    if (changed)
        *changed = row < 0 ? 0 : sqlite3_changes(c->db);
    db_done(statement);
    return row < 0 ? row : CATALOG_OK;
}

int db_row(struct catalog *c, sqlite3_stmt *statement)
{
    if (!statement)
        return error_of(sqlite3_errcode(c->db)) < 0 ? error_of(sqlite3_errcode(c->db))
                                                    : CATALOG_EIO;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return 1;
    int error = code == SQLITE_DONE ? 0 : db_error(c);
    db_done(statement);
    return error;
}

void db_done(sqlite3_stmt *statement)
{
    if (!statement)
        return;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

/* Bytes of the well-formed UTF-8 sequence (RFC 3629) at text, which ends in NUL; 0: there is none.
 */
static size_t utf8_sequence(const unsigned char *text)
{
    unsigned char least = text[0] == 0xe0 ? 0xa0 : text[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char most = text[0] == 0xed ? 0x9f : text[0] == 0xf4 ? 0x8f : 0xbf;
    size_t bytes = text[0] < 0x80                      ? 1
                   : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
                   : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                   : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
                                                       : 0;
    for (size_t i = 1; i < bytes; i++) {
        if (text[i] < least || text[i] > most)
            return 0;
        least = 0x80;
        most = 0xbf;
    }
    return bytes;
}

/* One text that is no UTF-8, as of a worker gone wrong, would else spoil every list it is in: JSON
 * has no place for it. */
static void make_utf8(char *text)
{
    while (*text) {
        size_t bytes = utf8_sequence((const unsigned char *)text);
        if (bytes == 0)
            *text = '?';
        text += bytes > 0 ? bytes : 1;
    }
}

char *db_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    char *copy = strdup(text ? text : "");
    if (copy)
        make_utf8(copy);
    return copy;
}

void *db_grow(void **items, size_t *count, size_t item_bytes)
{
    /* Room doubles: it is full whenever the count is a power of two. */
    if ((*count & (*count - 1)) == 0) {
        size_t room = *count ? *count * 2 : 1;
        void *grown = realloc(*items, room * item_bytes);
        if (!grown)
            return NULL;
        *items = grown;
    }
    char *item = (char *)*items + *count * item_bytes;
    memset(item, 0, item_bytes);
    (*count)++;
    return item;
}

/* ---- transactions ---- */

int db_begin_at(struct catalog *c, const char *where)
{
    assert(!c->transaction_at);
    int error = db_run(c, db_statement(c, STATEMENT_BEGIN), NULL);
    if (error == CATALOG_OK)
        c->transaction_at = where;
    return error;
}

int db_end(struct catalog *c, int error)
{
    if (!c->transaction_at)
        return error; /* it never began */
    if (error == CATALOG_OK)
        error = db_run(c, db_statement(c, STATEMENT_COMMIT), NULL);
    if (error != CATALOG_OK && !sqlite3_get_autocommit(c->db)) {
        char message[sizeof(c->message)];
        memcpy(message, c->message, sizeof(message));
        db_run(c, db_statement(c, STATEMENT_ROLLBACK), NULL);
        memcpy(c->message, message, sizeof(message));
    }
    c->transaction_at = NULL;
    return error;
}

int db_touch(struct catalog *c)
{
    return db_run(c, db_statement(c, STATEMENT_TOUCH), NULL);
}

int catalog_change_number(struct catalog *c, int64_t *out)
{
    sqlite3_stmt *statement = db_statement(c, STATEMENT_CHANGE_NUMBER);
    int row = db_row(c, statement);
    if (row > 0)
        *out = sqlite3_column_int64(statement, 0);
    db_done(statement);
    return row > 0 ? CATALOG_OK : row < 0 ? row : CATALOG_ECORRUPT;
}

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
    return db_fail(c, error_of(code), "backup: %s", sqlite3_errstr(code));
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
