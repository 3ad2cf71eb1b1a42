/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the parser of a rendition's parameters, which the catalog stores as text. What it accepts
 * is written and parsed again, and must be the same. */
#include <stdlib.h>
#include <string.h>

#include "transcoder/plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct rendition rendition, again;
    char text[4096], text_again[4096];
    if (rendition_parse((const char *)data, bytes, &rendition) < 0)
        return 0;
    int length = rendition_format(&rendition, text, sizeof(text));
    if (length < 0 || rendition_parse(text, (size_t)length, &again) < 0 ||
        rendition_format(&again, text_again, sizeof(text_again)) != length ||
        memcmp(text, text_again, (size_t)length) != 0)
        abort();
    return 0;
}
