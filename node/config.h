/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The options of a node: one table, from which the command line, the configuration file, `--help`
 * and the reference (`terrace config`) are made. Everything here but config_load() is pure.
 *
 * The configuration file: "name = value" lines in UTF-8, '#' begins a comment line, empty lines are
 * passed over.
 */
#ifndef NODE_CONFIG_H
#define NODE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_TEXT_BYTES 256
#define CONFIG_MAX_RATES 10
/* Room for every message that the functions here write. */
#define CONFIG_MESSAGE_BYTES 512

struct config {
    char listen[CONFIG_TEXT_BYTES];
    char tls_listen[CONFIG_TEXT_BYTES]; /* "" none; so are the two files */
    char tls_certificate[CONFIG_TEXT_BYTES];
    char tls_key[CONFIG_TEXT_BYTES];
    int64_t hsts_seconds;
    bool pages_need_tls;
    char congestion[CONFIG_TEXT_BYTES];
    int64_t loops;
    int64_t pool_threads;
    int64_t max_connections;
    int64_t min_progress_bytes_per_minute;
    int64_t workers;
    int64_t worker_nice;
    int64_t ladder_bps[CONFIG_MAX_RATES]; /* rising; 0 ends it */
    bool av1;
    int64_t floor_bytes;
    int64_t max_upload_bytes;
    int64_t session_hours;
    bool metrics_public;
    int64_t max_terminals;
    int64_t indexed_lessons;
};

enum config_type {
    CONFIG_ADDRESS = 0, /* "127.0.0.1:8080", "[::1]:8080" */
    CONFIG_NUMBER = 1,  /* a whole number */
    CONFIG_BYTES = 2,   /* a whole number, which may end in K, M, G or T (powers of 1024) */
    CONFIG_SWITCH = 3,  /* "yes" or "no" */
    CONFIG_RATES = 4,   /* up to CONFIG_MAX_RATES rising whole numbers of kbit/s: "48,80,130"; bit/s
                           inside */
    CONFIG_OPTIONAL_ADDRESS = 5, /* an address, or nothing */
    CONFIG_PATH = 6,             /* a file, or nothing */
    CONFIG_CHOICE = 7,           /* one of a few words */
};

struct config_option {
    const char *name; /* in the file; on the command line with '-' instead of '_' */
    enum config_type type;
    size_t offset;    /* of its field in struct config */
    int64_t min, max; /* NUMBER, BYTES; each of RATES */
    const char *default_text;
    const char *unit;  /* "" none; CHOICE: what there is, "this|that" */
    const char *about; /* whole sentences; no newlines */
};

/* All options in the order of the reference. Static. */
const struct config_option *config_options(size_t *count);
/* The option with that name ('-' and '_' are the same here), NULL if there is none. */
const struct config_option *config_find(const char *name);

/* Sets every field to its option's default. */
void config_defaults(struct config *config);

/*
 * Sets one field from text. 0; -EINVAL: nothing was changed, and message holds what is wrong
 * without a full stop or newline ("workers: 999 is not within 0 to 256").
 */
int config_set(struct config *config, const struct config_option *option, const char *text,
    char *message, size_t message_bytes);

/*
 * Sets what a file's text sets. A byte order mark and carriage returns (an editor on Windows) are
 * accepted. 0; -EINVAL: message holds one line with file_name and the line's number; config may
 * then be partly set.
 */
int config_parse(struct config *config, const char *file_name, const char *text, size_t text_bytes,
    char *message, size_t message_bytes);
/* Reads the file (at most 256 KiB) and parses it. 0, or a negative errno with one line in message.
 */
int config_load(struct config *config, const char *path, char *message, size_t message_bytes);

/* The present value of an option as text that config_set() takes. out[CONFIG_TEXT_BYTES]. */
void config_value(const struct config *config, const struct config_option *option, char *out);
/* Writes the reference with the present values: a valid configuration file. */
void config_print(FILE *file, const struct config *config);
/* What is allowed, in words: "0 to 256", "yes or no". out[CONFIG_TEXT_BYTES]. */
void config_range(const struct config_option *option, char *out);

#endif
