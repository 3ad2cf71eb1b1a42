/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/doctor_report.h"

#include <stdarg.h>
#include <stdio.h>

void doctor_say(struct doctor *doctor, enum doctor_verdict verdict, const char *format, ...)
{
    static const char *const names[] = {"ok", "WARN", "BAD"};
    va_list arguments;
    progress_clear(&doctor->progress);
    printf("%-5s ", names[verdict]);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    if (verdict == DOCTOR_BAD)
        doctor->bad = true;
}
