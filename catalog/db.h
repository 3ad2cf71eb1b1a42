/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The catalog's use of SQLite: the connection, its statements, transactions and errors. Only files
 * of catalog/ and its tests include this header.
 */
#ifndef CATALOG_DB_H
#define CATALOG_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/errors.h"
#include "catalog/statements.h"

struct catalog {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT]; /* prepared when they are first used */
    catalog_log_fn log;
    void *log_ctx;
    char *path;
    const char *transaction_at; /* the call site of the running transaction; NULL none */
    int changed_rows;           /* by the last db_execute() */
    bool text_failed;           /* db_text() had no memory */
    char message[512];
};

/* ---- errors ---- */

/* Sets the connection's message. Returns error. */
enum catalog_error db_fail(struct catalog *cat, enum catalog_error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets the message to "out of memory". Returns CATALOG_ENOMEM. */
static inline enum catalog_error db_out_of_memory(struct catalog *cat)
{
    db_fail(cat, CATALOG_ENOMEM, "out of memory");
    return CATALOG_ENOMEM;
}

/* Sets the message from SQLite's last error on this connection, and logs it unless it is EEXISTS.
 * Returns that error. */
enum catalog_error db_error(struct catalog *cat);

/* Returns the catalog's error for a result code of SQLite. */
enum catalog_error db_error_of(int sqlite_code);

/* ---- statements ---- */

/*
 * Runs a statement that returns no rows.
 * types: one letter for each value that follows: i int (also bool and enums), l int64_t, s const
 * char * (NULL means ""), b const void * and size_t. Values are copied.
 */
enum catalog_error db_execute(struct catalog *cat, enum statement number, const char *types, ...);

/* Returns how many rows the last db_execute() of this connection changed. */
int db_changed_rows(const struct catalog *cat);

/*
 * Prepares a statement that returns rows, for db_row() and db_read_all(). types: see db_execute().
 * It is valid until the next use of the same statement. Returns NULL after a failure, which
 * db_row() then reports.
 */
sqlite3_stmt *db_query(struct catalog *cat, enum statement number, const char *types, ...);

/* Steps to the next row. Returns 1, or 0 at the end, or an error. 0 and errors end the query. */
int db_row(struct catalog *cat, sqlite3_stmt *query);

/* Ends a query that has rows left. Accepts NULL. */
void db_done(sqlite3_stmt *query);

/* A LIMIT that limits nothing. */
#define DB_NO_LIMIT (-1)

/* The column of a query that has only one. */
#define DB_ONLY_COLUMN 0

/*
 * Returns a text column as valid UTF-8, whatever the column holds.
 * The caller frees it. NULL: memory is short; then text_failed is set, and db_read_all() fails.
 */
char *db_text(struct catalog *cat, sqlite3_stmt *row, int column);

/* Fills one zeroed item of a list from the current row. */
typedef enum catalog_error (*db_fill_fn)(struct catalog *cat, sqlite3_stmt *row, void *item);

/*
 * Reads all rows of a query into a list.
 * items, count: of the list, which is empty at first. After a failure they hold what was read, and
 * the caller frees it.
 */
enum catalog_error db_read_all(struct catalog *cat, sqlite3_stmt *query, db_fill_fn fill,
    size_t item_bytes, void **items, size_t *count);

/* Adds one zeroed item to a growing array. Returns it, or NULL if memory is short. */
void *db_grow(void **items, size_t *count, size_t item_bytes);

/* ---- transactions ---- */

/*
 * A function that writes is a pair: the body returns at the first failure, and the public function
 * around it begins and ends the transaction:
 *
 *     enum catalog_error error = db_begin(cat);
 *     return error ? error : db_end(cat, body(cat, ...));
 */

/* Begins a transaction that may write (BEGIN IMMEDIATE). Its call site goes into messages. */
#define db_begin(cat) db_begin_at(cat, DB_AT(__LINE__))
#define DB_AT(line) __FILE__ ":" DB_TEXT_OF(line)
#define DB_TEXT_OF(x) #x
enum catalog_error db_begin_at(struct catalog *cat, const char *where);

/* Commits if error is CATALOG_OK, else rolls back. Returns error, or why the commit failed. */
enum catalog_error db_end(struct catalog *cat, enum catalog_error error);

#endif
