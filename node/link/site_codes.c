/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/link/site_codes.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

void site_token_generate(char out[SITE_TOKEN_BYTES])
{
    uint8_t random[(SITE_TOKEN_BYTES - 1) / 2];
    randombytes_buf(random, sizeof(random));
    sodium_bin2hex(out, SITE_TOKEN_BYTES, random, sizeof(random));
}

static struct site_code *find(struct site_codes *codes, const char *code)
{
    for (int i = 0; i < SITE_CODES_MAX; i++)
        if (code[0] && strcmp(codes->items[i].code, code) == 0)
            return &codes->items[i];
    return NULL;
}

void site_codes_make(
    struct site_codes *codes, int64_t site_id, int64_t now_ms, char out[SITE_CODE_BYTES])
{
    do
        snprintf(out, SITE_CODE_BYTES, "%08u", (unsigned)randombytes_uniform(100000000));
    while (find(codes, out));
    struct site_code *item = &codes->items[codes->next];
    *item = (struct site_code){.site_id = site_id, .until_ms = now_ms + SITE_CODE_MS};
    memcpy(item->code, out, SITE_CODE_BYTES);
    codes->next = (codes->next + 1) % SITE_CODES_MAX;
}

int64_t site_codes_take(struct site_codes *codes, const char *code, int64_t now_ms)
{
    struct site_code *item = find(codes, code);
    if (!item)
        return 0;
    int64_t site_id = now_ms < item->until_ms ? item->site_id : 0;
    *item = (struct site_code){0};
    return site_id;
}
