/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/worker/failure.h"

#include <errno.h>
#include <libavutil/error.h>
#include <stdarg.h>
#include <stdio.h>

int failure_set(struct failure *failure, enum reason reason, const char *format, ...)
{
    failure->reason = reason;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure->detail, sizeof(failure->detail), format, arguments);
    va_end(arguments);
    return -1;
}

int failure_from_av(struct failure *failure, int error, enum reason otherwise, const char *what)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(error, text, sizeof(text));
    if (error == AVERROR(ENOMEM))
        otherwise = REASON_OUT_OF_MEMORY;
    else if (error == AVERROR(ENOSPC))
        otherwise = REASON_DISK_FULL;
    return failure_set(failure, otherwise, "%s: %s", what, text);
}
