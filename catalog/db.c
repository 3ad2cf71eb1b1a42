/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/db.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int db_error_of(int sqlite_code)
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
    int code = sqlite3_errcode(c->db), error = db_error_of(code);
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
    int row = statement ? db_row(c, statement) : db_error_of(sqlite3_errcode(c->db));
    if (changed)
        *changed = row < 0 ? 0 : sqlite3_changes(c->db);
    db_done(statement);
    return row < 0 ? row : CATALOG_OK;
}

int db_row(struct catalog *c, sqlite3_stmt *statement)
{
    if (!statement)
        return db_error_of(sqlite3_errcode(c->db)) < 0 ? db_error_of(sqlite3_errcode(c->db))
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
