/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the writing of plain texts as cues of a segment. No text may end its cue or begin another
 * one. */
#include <stdlib.h>
#include <string.h>

#include "transcoder/subtitles/webvtt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static size_t count(const struct webvtt_text *text, const char *what)
{
    size_t found = 0, length = strlen(what);
    for (size_t i = 0; i + length <= text->used_bytes; i++)
        found += memcmp(text->bytes + i, what, length) == 0;
    return found;
}

/* The input is a row of cues. Each has eight bytes of times and up to CUE_BYTES of text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    enum { MOST = 16, CUE_BYTES = 64 };
    struct webvtt_text texts[MOST] = {0}, out = {0};
    struct webvtt_cue cues[MOST];
    char *strings[MOST];
    size_t used = 0;
    int64_t start_us = 0;
    while (used < MOST && bytes > 8) {
        uint32_t times[2];
        memcpy(times, data, sizeof(times));
        size_t text_bytes = bytes - 8 < CUE_BYTES ? bytes - 8 : CUE_BYTES;
        webvtt_add_plain(&texts[used], (const char *)data + 8, text_bytes);
        strings[used] = strndup(texts[used].bytes ? texts[used].bytes : "", texts[used].used_bytes);
        if (!strings[used])
            abort();
        start_us += times[0];
        cues[used] = (struct webvtt_cue){start_us, start_us + 1 + times[1], strings[used]};
        used++;
        data += 8 + text_bytes;
        bytes -= 8 + text_bytes;
    }
    webvtt_add_segment(&out, cues, used, start_us / 2, start_us + 1);
    if (out.used_bytes < 6 || memcmp(out.bytes, "WEBVTT", 6) != 0 || count(&out, "-->") > used)
        abort();
    for (size_t i = 0; i < used; i++) {
        webvtt_clear(&texts[i]);
        free(strings[i]);
    }
    webvtt_clear(&out);
    return 0;
}
