/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts in any encoding: what comes out is UTF-8 and keeps to its bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/demux/tags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct tags *tags;
    if (tags_open(&tags) < 0)
        abort();
    char *text = strndup((const char *)data, bytes), tag[64];
    char *converted = malloc(2 * bytes + 1);
    if (!text || !converted)
        abort();
    tags_to_utf8(tags, text, tag, sizeof(tag));
    if (!tags_is_utf8(tag, strlen(tag)))
        abort();
    /* Twice the room is always enough: it is either converted, or no GB18030. */
    long length = tags_from_gb18030(tags, text, strlen(text), converted, 2 * bytes);
    if (length > (long)(2 * bytes) || (length >= 0 && !tags_is_utf8(converted, (size_t)length)))
        abort();
    free(converted);
    free(text);
    tags_close(&tags);
    return 0;
}
