/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP dates (RFC 9110 section 5.6.7). Pure; the locale has no influence. */
#ifndef NODE_HTTP_PARSE_DATE_H
#define NODE_HTTP_PARSE_DATE_H

#include <stdint.h>

enum { HTTP_DATE_BYTES = 30 };

/* Writes a time in seconds since 1970 as "Sun, 06 Nov 1994 08:49:37 GMT". The year must be 0 to
 * 9999. */
void http_date_format(char out[HTTP_DATE_BYTES], int64_t when_s);
/* Parses a date in any of the three forms that the RFC allows. Returns seconds since 1970; -1 if
 * text is no such date, or is before 1970. now_s decides the century of two-digit years (RFC
 * 850). */
int64_t http_date_parse(const char *text, int64_t now_s);

#endif
