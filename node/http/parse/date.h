/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP's dates (RFC 9110 section 5.6.7). Pure, and without regard to the locale. */
#ifndef NODE_HTTP_PARSE_DATE_H
#define NODE_HTTP_PARSE_DATE_H

#include <stdint.h>

enum { HTTP_DATE_BYTES = 30 };

/* "Sun, 06 Nov 1994 08:49:37 GMT" for seconds since 1970, of the years 0 to 9999. */
void http_date_format(char out[HTTP_DATE_BYTES], int64_t when_s);
/* Seconds since 1970 for a date in any of the three forms that the RFC knows; -1: none of them, or
 * before 1970. now_s decides the century of RFC 850's two-digit years. */
int64_t http_date_parse(const char *text, int64_t now_s);

#endif
