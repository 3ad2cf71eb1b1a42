/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The node's log: one line for each event on standard error, "2026-11-24T10:00:00.123Z level area:
 * text". */
#ifndef NODE_UTIL_LOG_H
#define NODE_UTIL_LOG_H

enum log_level { LOG_DEBUG = 0, LOG_INFO = 1, LOG_WARN = 2, LOG_ERROR = 3 };

/* Writes a line with a single write(2), so that lines of several threads do not mix. A line of more
 * than 2 KiB is cut. Any thread. */
void log_write(enum log_level level, const char *area, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
