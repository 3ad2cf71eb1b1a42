/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "node/util/clock.h"

enum { LINE_BYTES = 2048 };

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARN] = "warn",
    [LOG_ERROR] = "error",
};

static size_t clamp_length(int printed, size_t room)
{
    if (printed < 0)
        return 0;
    return (size_t)printed < room ? (size_t)printed : room - 1;
}

static size_t add_prefix(char *line, size_t line_bytes, enum log_level level, const char *area)
{
    int64_t wall_ms = clock_wall_ms();
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    char stamp[32];
    gmtime_r(&seconds, &utc);
    if (strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc) == 0)
        stamp[0] = '\0';
    return clamp_length(snprintf(line, line_bytes, "%s.%03dZ %s %s: ", stamp, (int)(wall_ms % 1000),
                            level_names[level], area),
        line_bytes);
}

/* Replaces control characters, those of Latin-1 too. Text from outside, such as a file name or a path, must not forge a
 * second line or move the terminal's cursor. */
static void blank_controls(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = ' ';
        else if (i + 1 < length && (unsigned char)text[i] == 0xc2 &&
                 (unsigned char)text[i + 1] >= 0x80 && (unsigned char)text[i + 1] < 0xa0)
            text[i] = text[i + 1] = ' ';
}

void log_write(enum log_level level, const char *area, const char *format, ...)
{
    char line[LINE_BYTES];
    int saved_errno = errno;
    size_t length = add_prefix(line, sizeof(line) - 1, level, area);
    va_list args;
    va_start(args, format);
    length += clamp_length(vsnprintf(line + length, sizeof(line) - 1 - length, format, args),
        sizeof(line) - 1 - length);
    va_end(args);
    blank_controls(line, length);
    line[length++] = '\n';
    while (write(STDERR_FILENO, line, length) < 0 && errno == EINTR)
        ;
    errno = saved_errno;
}
