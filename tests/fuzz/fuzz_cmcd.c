/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the parser of CMCD, which players send about themselves. Its results must stay within
 * their bounds. */
#include <stdlib.h>
#include <string.h>

#include "node/http/parse/cmcd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *text = malloc(bytes + 1);
    if (!text)
        return 0;
    struct cmcd cmcd;
    memcpy(text, data, bytes);
    text[bytes] = '\0';
    cmcd_init(&cmcd);
    cmcd_parse(&cmcd, text);
    if (cmcd.buffer_ms < -1 || cmcd.buffer_ms > 24 * 3600 * 1000 || cmcd.requested_max_bps < -1 ||
        strlen(cmcd.session) >= CMCD_TEXT_BYTES || strlen(cmcd.content) >= CMCD_TEXT_BYTES)
        abort();
    free(text);
    return 0;
}
