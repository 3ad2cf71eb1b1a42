/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of options, and the struct that holds their values. To add an option, add a member and a
 * row. config.h has the functions. */
#ifndef NODE_CONFIG_TABLE_H
#define NODE_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_TEXT_BYTES 256
#define CONFIG_MAX_RATES 10

struct config {
    char listen[CONFIG_TEXT_BYTES];
    char tls_listen[CONFIG_TEXT_BYTES]; /* "": no TLS, and the two files are not used */
    char tls_certificate[CONFIG_TEXT_BYTES];
    char tls_key[CONFIG_TEXT_BYTES];
    int64_t hsts_seconds;
    bool pages_need_tls;
    char trusted_proxies[CONFIG_TEXT_BYTES], proxy_header[CONFIG_TEXT_BYTES];
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
    int64_t max_upload_bytes, upload_quota_bytes, upload_expiry_hours;
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
    CONFIG_RANGES = 8,           /* addresses and address ranges, or nothing */
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

/* All options in the order of the reference. */
enum { CONFIG_OPTIONS = 25 };
extern const struct config_option config_table[CONFIG_OPTIONS];

#endif
