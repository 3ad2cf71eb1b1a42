/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the reading of languages and timed text from containers. The results must stay within
 * their bounds. */
#include <stdlib.h>
#include <string.h>

#include "transcoder/demux/tags.h"
#include "transcoder/subtitles/mov_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *text = strndup((const char *)data, bytes), language[12];
    if (!text)
        abort();
    tags_to_bcp47(text, language, sizeof(language));
    /* Only letters, digits and hyphens are allowed, because the language goes into playlists. */
    if (language[strspn(
            language, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")] != '\0')
        abort();
    free(text);
    uint8_t *copy = malloc(bytes ? bytes : 1);
    memcpy(copy, data, bytes);
    AVPacket packet = {.data = copy, .size = (int)bytes};
    size_t text_bytes;
    const char *found = mov_text_find(&packet, &text_bytes);
    if (text_bytes > 0 &&
        ((const uint8_t *)found < copy || (const uint8_t *)found + text_bytes > copy + bytes))
        abort();
    free(copy);
    return 0;
}
