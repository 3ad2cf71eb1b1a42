/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tokens that the node generates for sites, and the short codes by which terminals get them. A
 * code is valid for 10 min and once. Codes are in memory only. Not thread-safe: the owner locks. */
#ifndef NODE_LINK_SITE_CODES_H
#define NODE_LINK_SITE_CODES_H

#include <stdint.h>

enum {
    SITE_TOKEN_BYTES = 33, /* 128 bits in hex, and a NUL */
    SITE_CODE_BYTES = 9,   /* 8 digits and a NUL */
    SITE_CODE_MS = 10 * 60 * 1000,
};

/* Generates a token. Any thread. */
void site_token_generate(char out[SITE_TOKEN_BYTES]);

enum { SITE_CODES_MAX = 64 };

/* Begins with zeros. */
struct site_codes {
    struct site_code {
        char code[SITE_CODE_BYTES]; /* "": none */
        int64_t site_id, until_ms;
    } items[SITE_CODES_MAX];
    int next; /* is replaced by the next code */
};

/* Makes a code for a site. The oldest of SITE_CODES_MAX codes ends with it. now_ms: monotonic. */
void site_codes_make(
    struct site_codes *codes, int64_t site_id, int64_t now_ms, char out[SITE_CODE_BYTES]);

/* Uses a code up. Returns its site; 0 if there is no such code, or if it has expired. */
int64_t site_codes_take(struct site_codes *codes, const char *code, int64_t now_ms);

#endif
