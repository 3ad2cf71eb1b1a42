/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the conversion of texts in any encoding. The result must be valid UTF-8, and must fit into
 * its buffer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/demux/tags.h"
#include "transcoder/text/gb18030.h"
#include "transcoder/text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct gb18030 *gb18030;
    if (gb18030_open(&gb18030) < 0)
        abort();
    char *text = strndup((const char *)data, bytes), tag[64];
    char *converted = malloc(2 * bytes + 1);
    if (!text || !converted)
        abort();
    tags_to_utf8(gb18030, text, tag, sizeof(tag));
    if (!utf8_valid(tag, strlen(tag)))
        abort();
    /* The output has twice the room of the input, which is always enough. So the call fails only if
     * the text is not GB18030. */
    long length = gb18030_to_utf8(gb18030, text, strlen(text), converted, 2 * bytes);
    if (length > (long)(2 * bytes) || (length >= 0 && !utf8_valid(converted, (size_t)length)))
        abort();
    free(converted);
    free(text);
    gb18030_close(&gb18030);
    return 0;
}
