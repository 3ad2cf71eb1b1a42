/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The probe's findings as text: what parses can be planned for or is refused, can be written, and
 * reads back as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/plan/planner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct media_info info, again;
    static struct plan plan;
    static char text[16384], text_again[16384];
    if (media_info_parse((const char *)data, bytes, &info) < 0)
        return 0;
    int length = media_info_format(&info, text, sizeof(text));
    if (length < 0 || media_info_parse(text, (size_t)length, &again) < 0 ||
        media_info_format(&again, text_again, sizeof(text_again)) != length ||
        memcmp(text, text_again, (size_t)length) != 0)
        abort();
    if (plan_make(&info, &(struct plan_options){0}, &plan) == 0 && plan.chunk_count < 1)
        abort();
    return 0;
}
