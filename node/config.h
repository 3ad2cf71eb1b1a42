/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The options of a node. One table describes them; the command line, the configuration file,
 * `--help`, the manual page and the reference (`terrace config`) follow from it. Only config_load()
 * and config_print() use files.
 *
 * The configuration file is UTF-8 with lines "name = value". A '#' at the start of a line or after
 * white space begins a comment. Empty lines are ignored.
 */
#ifndef NODE_CONFIG_H
#define NODE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_TEXT_BYTES 256
#define CONFIG_MAX_RATES 10
/* Enough for every message of these functions. A message with a long path is cut. */
#define CONFIG_MESSAGE_BYTES 512

struct config {
    char listen[CONFIG_TEXT_BYTES];
    char tls_listen[CONFIG_TEXT_BYTES]; /* "": no TLS, and the two files are not used */
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
    int64_t
        ladder_bps[CONFIG_MAX_RATES]; /* ascending; 0 ends a list of fewer than CONFIG_MAX_RATES */
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
    CONFIG_BYTES = 2,   /* a whole number with an optional suffix K, M, G or T (powers of 1024) */
    CONFIG_SWITCH = 3,  /* "yes" or "no" */
    CONFIG_RATES = 4,   /* up to CONFIG_MAX_RATES ascending whole numbers of kbit/s, such as
                         * "48,80,130"; stored in bit/s */
    CONFIG_OPTIONAL_ADDRESS = 5, /* an address or nothing */
    CONFIG_PATH = 6,             /* a file or nothing */
    CONFIG_CHOICE = 7,           /* one of a few words */
};

struct config_option {
    const char *name; /* as in the file; on the command line '-' stands for '_' */
    enum config_type type;
    size_t offset;    /* of its member in struct config */
    int64_t min, max; /* for NUMBER and BYTES, and for each of RATES in kbit/s */
    const char *default_text;
    const char *unit;  /* "" for none; for CHOICE: the choices, "this|that" */
    const char *about; /* whole sentences without line breaks */
};

/* All options in the order of the reference. The table is static. */
const struct config_option *config_options(size_t *count);
/* Returns the option with that name, or NULL. '-' and '_' are the same here. */
const struct config_option *config_find(const char *name);

/* Sets every option to its default. */
void config_defaults(struct config *config);

/* Sets one option from text. Returns 0; or -EINVAL, then nothing was changed, and message says what
 * is wrong, without a full stop ("workers: 999 is not within 0 to 256"). */
int config_set(struct config *config, const struct config_option *option, const char *text,
    char *message, size_t message_bytes);

/* Sets the options in the text of a file. A byte order mark and carriage returns are accepted,
 * since editors on Windows write them. Returns 0; or -EINVAL with one line in message that has
 * file_name and the line number, and config may then be partly set. */
int config_parse(struct config *config, const char *file_name, const char *text, size_t text_bytes,
    char *message, size_t message_bytes);
/* Reads a file of at most 256 KiB and parses it. Returns 0, or a negative errno with one line in
 * message. */
int config_load(struct config *config, const char *path, char *message, size_t message_bytes);

/* Writes the current value of an option into out[CONFIG_TEXT_BYTES], in the form that config_set()
 * accepts. */
void config_value(const struct config *config, const struct config_option *option, char *out);
/* Writes the reference with the current values. It is a valid configuration file. */
void config_print(FILE *file, const struct config *config);
/* Writes the allowed values in words into out[CONFIG_TEXT_BYTES]: "0 to 256", "yes or no". For
 * CONFIG_CHOICE that is only "one of"; the choices are in option->unit. */
void config_range(const struct config_option *option, char *out);

#endif
