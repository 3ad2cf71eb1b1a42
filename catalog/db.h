/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the catalog: the connection, its statements, transactions, errors. The only place that
 * knows SQLite's API well. */
#ifndef CATALOG_DB_H
#define CATALOG_DB_H

#include <sqlite3.h>
#include <stddef.h>

#include "catalog/catalog.h"
#include "catalog/statements.h"

struct catalog {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    catalog_log_fn log;
    void *log_ctx;
    char *path;
    const char *transaction_at; /* the call site of the transaction under way, NULL none */
    char message[512];
};

/* Every statement's SQL, by number: also what the tests of query plans walk over. */
extern const char *const statement_sql[STATEMENT_COUNT];

/* Sets the message and returns error. */
int db_fail(struct catalog *c, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The catalog's error for a code of SQLite's. */
int db_error_of(int sqlite_code);
/* Sets the message and returns the error from SQLite's last error on this connection. */
int db_error(struct catalog *c);

/*
 * A statement ready to be bound: cached, reset. NULL with the message set on failure. What was
 * bound is given up at the next db_statement() of the same number, or by db_done().
 */
sqlite3_stmt *db_statement(struct catalog *c, enum statement number);
/* Binds by a row of letters: i int64_t, s const char * (copied; NULL: ""), b const void * and
 * size_t. Returns statement, NULL if it was. */
sqlite3_stmt *db_bind(sqlite3_stmt *statement, const char *types, ...);
/* Runs a statement that gives no rows, and resets it. *changed may be NULL. CATALOG_OK or an error.
 */
int db_run(struct catalog *c, sqlite3_stmt *statement, int *changed);
/* The next row: 1; 0 at the end, negative on failure; both reset the statement. */
int db_row(struct catalog *c, sqlite3_stmt *statement);
void db_done(sqlite3_stmt *statement);
/* A text column, malloc'd, in valid UTF-8 whatever was put in; NULL: out of memory. */
char *db_text(sqlite3_stmt *statement, int column);

/* BEGIN IMMEDIATE, with the call site kept for messages. */
int db_begin_at(struct catalog *c, const char *where);
#define DB_TEXT_OF(x) #x
#define DB_AT(line) __FILE__ ":" DB_TEXT_OF(line)
#define db_begin(c) db_begin_at(c, DB_AT(__LINE__))
/* Commits if error is CATALOG_OK, else rolls back. Returns error, or why the commit failed. */
int db_end(struct catalog *c, int error);
/* Counts a change that people watch; inside a transaction. */
int db_touch(struct catalog *c);

/* A growing array of structs for out-lists: makes room for one more and returns it zeroed, NULL:
 * out of memory. */
void *db_grow(void **items, size_t *count, size_t item_bytes);

/* migrate.c: brings a fresh or older file to this program's version. The connection is open,
 * nothing else is done. */
int db_migrate(struct catalog *c, const struct catalog_params *params);

/* Shared between lessons, jobs and uploads; inside a transaction. */
int lesson_insert(struct catalog *c, const struct catalog_new_lesson *lesson, int64_t *lesson_id);
int lesson_set_state(struct catalog *c, int64_t lesson_id, int state, const char *reason,
    const char *detail, int64_t now_ms);
int lesson_state(struct catalog *c, int64_t lesson_id, int *state); /* ENOTFOUND */
int event_insert(
    struct catalog *c, int64_t lesson_id, const char *code, const char *detail, int64_t now_ms);
/* job_insert: the rank is worked out. */
int job_insert(
    struct catalog *c, int64_t lesson_id, int revision, const struct catalog_new_job *job);

#endif
