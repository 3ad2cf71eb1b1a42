/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/db.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/text/utf8.h"

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

enum catalog_error db_fail(struct catalog *cat, enum catalog_error error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cat->message, sizeof(cat->message), format, arguments);
    va_end(arguments);
    return error;
}

enum catalog_error db_error_of(int sqlite_code)
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

enum catalog_error db_error(struct catalog *cat)
{
    enum catalog_error error = db_error_of(sqlite3_errcode(cat->db));
    int system_error = sqlite3_system_errno(cat->db);
    if (error == CATALOG_EIO && (system_error == ENOSPC || system_error == EDQUOT))
        error = CATALOG_EFULL;
    const char *where = cat->transaction_at ? cat->transaction_at : "";
    snprintf(cat->message, sizeof(cat->message), "%s: %s (%s%s%s)", cat->path,
        catalog_error_name(error), sqlite3_errmsg(cat->db),
        *where ? ", in the transaction at " : "", where);
    /* EEXISTS is an answer to the caller and no trouble of the database. */
    if (cat->log && error != CATALOG_EEXISTS)
        cat->log(cat->log_ctx, cat->message);
    return error;
}

const char *catalog_message(const struct catalog *catalog)
{
    return catalog->message;
}

/* ---- statements ---- */

static sqlite3_stmt *prepare(struct catalog *cat, enum statement number)
{
    sqlite3_stmt **statement = &cat->statements[number];
    if (!*statement && sqlite3_prepare_v3(cat->db, statement_sql[number], -1,
                           SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK) {
        db_error(cat);
        return NULL;
    }
    db_done(*statement);
    return *statement;
}

static void bind(sqlite3_stmt *statement, const char *types, va_list arguments)
{
    for (int i = 0; types[i]; i++) {
        if (types[i] == 'i') {
            sqlite3_bind_int(statement, i + 1, va_arg(arguments, int));
        } else if (types[i] == 'l') {
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
}

enum catalog_error db_execute(struct catalog *cat, enum statement number, const char *types, ...)
{
    sqlite3_stmt *statement = prepare(cat, number);
    if (statement) {
        va_list arguments;
        va_start(arguments, types);
        bind(statement, types, arguments);
        va_end(arguments);
    }
    int row = db_row(cat, statement);
    cat->changed_rows = row < 0 ? 0 : sqlite3_changes(cat->db);
    db_done(statement);
    return row < 0 ? row : CATALOG_OK;
}

int db_changed_rows(const struct catalog *cat)
{
    return cat->changed_rows;
}

sqlite3_stmt *db_query(struct catalog *cat, enum statement number, const char *types, ...)
{
    sqlite3_stmt *statement = prepare(cat, number);
    if (!statement)
        return NULL;
    va_list arguments;
    va_start(arguments, types);
    bind(statement, types, arguments);
    va_end(arguments);
    return statement;
}

int db_row(struct catalog *cat, sqlite3_stmt *query)
{
    if (!query) {
        /* prepare() has failed, and has set the message. */
        enum catalog_error error = db_error_of(sqlite3_errcode(cat->db));
        return error != CATALOG_OK ? error : CATALOG_EIO;
    }
    int code = sqlite3_step(query);
    if (code == SQLITE_ROW)
        return 1;
    enum catalog_error error = code == SQLITE_DONE ? CATALOG_OK : db_error(cat);
    db_done(query);
    return error;
}

void db_done(sqlite3_stmt *query)
{
    if (!query)
        return;
    sqlite3_reset(query);
    sqlite3_clear_bindings(query);
}

/* Replaces bytes that are not UTF-8 by "?". JSON can't hold them, so one such text (from a worker
 * that went wrong) would break every list that contains it. */
static void make_utf8(char *text)
{
    for (char *end = text + strlen(text); text < end;) {
        size_t bytes = utf8_sequence(text, (size_t)(end - text));
        if (bytes == 0)
            *text = '?';
        text += bytes > 0 ? bytes : 1;
    }
}

char *db_text(struct catalog *cat, sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    char *copy = strdup(text ? text : "");
    if (copy)
        make_utf8(copy);
    else
        cat->text_failed = true;
    return copy;
}

void *db_grow(void **items, size_t *count, size_t item_bytes)
{
    /* The room doubles, so it is full whenever the count is a power of two. */
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

enum catalog_error db_read_all(struct catalog *cat, sqlite3_stmt *query, db_fill_fn fill,
    size_t item_bytes, void **items, size_t *count)
{
    int row;
    cat->text_failed = false;
    while ((row = db_row(cat, query)) > 0) {
        void *item = db_grow(items, count, item_bytes);
        enum catalog_error error = item ? fill(cat, query, item) : db_out_of_memory(cat);
        if (error == CATALOG_OK && cat->text_failed)
            error = db_out_of_memory(cat);
        if (error != CATALOG_OK) {
            db_done(query);
            return error;
        }
    }
    return row;
}

/* ---- transactions ---- */

enum catalog_error db_begin_at(struct catalog *cat, const char *where)
{
    assert(!cat->transaction_at);
    enum catalog_error error = db_execute(cat, STATEMENT_BEGIN, "");
    if (error == CATALOG_OK)
        cat->transaction_at = where;
    return error;
}

enum catalog_error db_end(struct catalog *cat, enum catalog_error error)
{
    if (error == CATALOG_OK)
        error = db_execute(cat, STATEMENT_COMMIT, "");
    /* SQLite itself may have rolled back after a failure. */
    if (error != CATALOG_OK && !sqlite3_get_autocommit(cat->db)) {
        char message[sizeof(cat->message)];
        memcpy(message, cat->message, sizeof(message));
        db_execute(cat, STATEMENT_ROLLBACK, "");
        memcpy(cat->message, message, sizeof(message));
    }
    cat->transaction_at = NULL;
    return error;
}
