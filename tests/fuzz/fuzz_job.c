/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the parser of job texts. What it accepts is written and parsed again, and must be the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/protocol/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct job job, again;
    static char text[JOB_TEXT_MAX_BYTES], text_again[JOB_TEXT_MAX_BYTES];
    if (job_parse((const char *)data, bytes, &job) < 0)
        return 0;
    int length = job_format(&job, text, sizeof(text));
    if (length < 0 || job_parse(text, (size_t)length, &again) < 0 ||
        job_format(&again, text_again, sizeof(text_again)) != length ||
        memcmp(text, text_again, (size_t)length) != 0)
        abort();
    return 0;
}
