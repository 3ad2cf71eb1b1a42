/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the conversion of ASS subtitle events to cues. The text of a cue must not end the cue. The
 * only tags in it must be ours: italic and bold. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/subtitles/ass.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(const struct webvtt_text *text)
{
    int depth = 0;
    for (size_t i = 0; i < text->used_bytes; i++) {
        const char *at = text->bytes + i;
        size_t left = text->used_bytes - i;
        if (*at == '<') {
            if (left >= 3 && (memcmp(at, "<i>", 3) == 0 || memcmp(at, "<b>", 3) == 0))
                depth++;
            else if (left >= 4 && (memcmp(at, "</i>", 4) == 0 || memcmp(at, "</b>", 4) == 0))
                depth--;
            else
                abort();
        }
        if (depth < 0 || depth > 2 || (*at == '\n' && (left < 2 || at[1] == '\n' || i == 0)) ||
            (left >= 3 && memcmp(at, "-->", 3) == 0))
            abort();
    }
    if (depth != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct webvtt_text out = {0};
    char *event = strndup((const char *)data, bytes);
    if (!event)
        abort();
    bool readable = ass_to_cue(event, &out);
    if (!out.failed && readable != (out.used_bytes > 0))
        abort();
    check(&out);
    webvtt_clear(&out);
    free(event);
    return 0;
}
