/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The base of the catalog's headers: the connection, its errors and their texts, and the log. What
 * holds for all functions is in catalog.h. */
#ifndef CATALOG_ERRORS_H
#define CATALOG_ERRORS_H

/* A connection to the catalog. catalog.h opens and closes it. */
struct catalog;

enum catalog_error {
    CATALOG_OK = 0,
    CATALOG_ENOTFOUND = -1, /* there is no such row, or no such catalog */
    CATALOG_EEXISTS = -2,   /* it exists already, or exists with other contents */
    CATALOG_ESTATE = -3,    /* the row is in a state that does not allow this, e.g. a lost lease */
    CATALOG_EINVAL = -4,    /* an argument is out of its range */
    CATALOG_EBUSY = -5,     /* another connection held the write lock too long: try again */
    CATALOG_EFULL = -6,     /* the disk is full */
    CATALOG_EIO = -7,       /* reading or writing failed */
    CATALOG_EPERM = -8,     /* the folder or the file can't be read or written */
    CATALOG_ECORRUPT = -9,  /* the file is damaged */
    CATALOG_EFOREIGN = -10, /* the file is not a Terrace catalog */
    CATALOG_ENEWER = -11,   /* the file was written by a newer Terrace */
    CATALOG_ENOMEM = -12,   /* memory is short */
};

/*
 * Returns an error's name for logs, in English: "not found".
 * error: any number. Unknown ones give "unknown error".
 * The string is static. Any thread.
 */
const char *catalog_error_name(int error);

/*
 * Returns the last failure of this connection as a sentence for people.
 * The string is the connection's, and valid until its next call.
 */
const char *catalog_message(const struct catalog *catalog);

/* Receives one line for a log. */
typedef void (*catalog_log_fn)(void *ctx, const char *message);

#endif
