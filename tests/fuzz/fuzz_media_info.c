/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the parser of the probe's findings. What it accepts is written and parsed again, and must
 * be the same. The planner must make a plan for it or refuse it. */
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
