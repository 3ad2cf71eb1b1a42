/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/parse/date.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[][4] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static void put_number(char *out, int digits, int value)
{
    for (; digits > 0; value /= 10)
        out[--digits] = (char)('0' + value % 10);
}

/* Every media response has one or two dates. printf would take 2 % of a small segment's processor
 * time, so the digits are written directly. */
void http_date_format(char out[HTTP_DATE_BYTES], int64_t when_s)
{
    time_t when = (time_t)when_s;
    struct tm utc;
    gmtime_r(&when, &utc);
    memcpy(out, "Sun, 06 Nov 1994 08:49:37 GMT", HTTP_DATE_BYTES);
    memcpy(out, days[utc.tm_wday], 3);
    put_number(out + 5, 2, utc.tm_mday);
    memcpy(out + 8, months[utc.tm_mon], 3);
    put_number(out + 12, 4, utc.tm_year + 1900);
    put_number(out + 17, 2, utc.tm_hour);
    put_number(out + 20, 2, utc.tm_min);
    put_number(out + 23, 2, utc.tm_sec);
}

/* ---- reading: each step moves *at on, or sets it to NULL; later steps leave NULL as it is ---- */

static void take_text(const char **at, const char *text)
{
    size_t bytes = strlen(text);
    if (*at)
        *at = strncmp(*at, text, bytes) == 0 ? *at + bytes : NULL;
}

/* Reads exactly `digits` digits. padded: a space may stand instead of the first digit. */
static int take_number(const char **at, int digits, bool padded)
{
    int value = 0;
    for (int i = 0; *at && i < digits; i++) {
        if (padded && i == 0 && **at == ' ') {
            (*at)++;
        } else if (isdigit((unsigned char)**at)) {
            value = value * 10 + (**at - '0');
            (*at)++;
        } else {
            *at = NULL;
        }
    }
    return value;
}

static int take_month(const char **at)
{
    for (int i = 0; *at && i < 12; i++) {
        if (strncmp(*at, months[i], 3) == 0) {
            *at += 3;
            return i;
        }
    }
    *at = NULL;
    return 0;
}

static void take_time(const char **at, struct tm *utc)
{
    utc->tm_hour = take_number(at, 2, false);
    take_text(at, ":");
    utc->tm_min = take_number(at, 2, false);
    take_text(at, ":");
    utc->tm_sec = take_number(at, 2, false);
}

/* Reads "06 Nov 1994 08:49:37 GMT". */
static void take_fixdate(const char **at, struct tm *utc)
{
    utc->tm_mday = take_number(at, 2, false);
    take_text(at, " ");
    utc->tm_mon = take_month(at);
    take_text(at, " ");
    utc->tm_year = take_number(at, 4, false) - 1900;
    take_text(at, " ");
    take_time(at, utc);
    take_text(at, " GMT");
}

/* Reads "06-Nov-94 08:49:37 GMT". A year more than 50 years in the future means the previous
 * century. */
static void take_rfc850(const char **at, struct tm *utc, int64_t now_s)
{
    const time_t now = (time_t)now_s;
    struct tm today;
    gmtime_r(&now, &today);
    utc->tm_mday = take_number(at, 2, false);
    take_text(at, "-");
    utc->tm_mon = take_month(at);
    take_text(at, "-");
    utc->tm_year = take_number(at, 2, false) + today.tm_year / 100 * 100;
    if (utc->tm_year > today.tm_year + 50)
        utc->tm_year -= 100;
    take_text(at, " ");
    take_time(at, utc);
    take_text(at, " GMT");
}

/* Reads "Nov  6 08:49:37 1994". */
static void take_asctime(const char **at, struct tm *utc)
{
    utc->tm_mon = take_month(at);
    take_text(at, " ");
    utc->tm_mday = take_number(at, 2, true);
    take_text(at, " ");
    take_time(at, utc);
    take_text(at, " ");
    utc->tm_year = take_number(at, 4, false) - 1900;
}

static bool is_real(const struct tm *utc)
{
    return utc->tm_mday >= 1 && utc->tm_mday <= 31 && utc->tm_hour <= 23 && utc->tm_min <= 59 &&
           utc->tm_sec <= 60;
}

int64_t http_date_parse(const char *text, int64_t now_s)
{
    struct tm utc = {0};
    const char *at = text;
    while (isalpha((unsigned char)*at))
        at++;
    if (at == text)
        return -1;
    if (at - text == 3 && strncmp(at, ", ", 2) == 0) {
        at += 2;
        take_fixdate(&at, &utc);
    } else if (strncmp(at, ", ", 2) == 0) {
        at += 2;
        take_rfc850(&at, &utc, now_s);
    } else {
        take_text(&at, " ");
        take_asctime(&at, &utc);
    }
    if (!at || *at || !is_real(&utc))
        return -1;
    int64_t when_s = timegm(&utc);
    return when_s < 0 ? -1 : when_s;
}
