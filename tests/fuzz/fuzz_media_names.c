/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes names in URLs, and titles that become file names of downloads. A number must have one form
 * only. A title must not end the header that holds it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/hls/download_name.h"
#include "node/hls/media_number.h"
#include "node/monitor/terminals.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_number(const char *text)
{
    char again[32];
    int64_t number = media_number_parse(text, ".m4s");
    if (number < 0)
        return;
    snprintf(again, sizeof(again), "%" PRId64 ".m4s", number);
    if (strcmp(again, text) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *text = strndup((const char *)data, bytes);
    char rendition[TERMINAL_RENDITION_BYTES];
    int64_t lesson;
    struct buf out = {0};
    if (!text)
        abort();
    check_number(text);
    if (terminal_path_parse(text, &lesson, rendition) && (lesson < 0 || strchr(rendition, '/')))
        abort();
    download_name_write(&out, text, "lesson-1", ".mp4");
    for (size_t i = 0; i < out.used_bytes; i++)
        if (out.data[i] < ' ' || out.data[i] > '~')
            abort();
    buf_free(&out);
    free(text);
    return 0;
}
