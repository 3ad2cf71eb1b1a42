/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditional requests: entity tags, dates, and the order of the conditions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/http/parse/condition.h"
#include "node/http/parse/date.h"
#include "node/http/parse/head.h"

#define LONG_AGO "Sun, 06 Nov 1994 08:49:36 GMT"
#define CHANGED "Sun, 06 Nov 1994 08:49:37 GMT"
#define LATER "Sun, 06 Nov 1994 08:49:38 GMT"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_etag_lists_are_compared(void **state)
{
    (void)state;
    assert_true(http_etag_listed("\"a\"", "\"a\"", false));
    assert_true(http_etag_listed("W/\"a\"", "\"a\"", false));
    assert_true(http_etag_listed("\"a\"", "W/\"a\"", false));
    assert_true(http_etag_listed("\"x,y\" , W/\"a\"", "\"a\"", false));
    assert_true(http_etag_listed(" * ", "\"a\"", false));
    assert_false(http_etag_listed("\"b\", \"aa\"", "\"a\"", false));
    assert_false(http_etag_listed("a", "\"a\"", false));
    assert_false(http_etag_listed("\"a", "\"a\"", false));
    assert_false(http_etag_listed("", "\"a\"", false));
    assert_false(http_etag_listed("*x", "\"a\"", false));
    assert_true(http_etag_listed("\"b\", \"a\"", "\"a\"", true));
    assert_false(http_etag_listed("W/\"a\"", "\"a\"", true));
    assert_false(http_etag_listed("\"a\"", "W/\"a\"", true));
    assert_true(http_etag_listed("*", "W/\"a\"", true));
}

static void test_dates_are_parsed_and_formatted(void **state)
{
    static const struct {
        const char *text;
        int64_t when_s;
    } cases[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Mon, 01 Jan 2026 00:00:00 GMT", 1767225600},  /* the name of the day is not checked */
        {"Friday, 01-Jan-60 00:00:00 GMT", 2840140800}, /* 2060 */
        {"Friday, 01-Jan-99 00:00:00 GMT", 915148800},  /* 1999 */
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"", -1},
        {"0", -1},
        {"Sun, 6 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:49:37", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT ", -1},
        {"Sun, 06 Nov 1994 08:49:37 PST", -1},
        {"Sun, 06 Nov 94 08:49:37 GMT", -1},
        {"Sun, 06 nov 1994 08:49:37 GMT", -1},
        {"Sun, 32 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 24:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:60:37 GMT", -1},
        {"Sun, +6 Nov 1994 08:49:37 GMT", -1},
        {"Sun Nov 6 08:49:37 1994", -1},
        {"Sunday", -1},
    };
    const int64_t now_s = 1795000000; /* November 2026 */
    char text[HTTP_DATE_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        print_message("date %s\n", cases[i].text);
        assert_int_equal(http_date_parse(cases[i].text, now_s), cases[i].when_s);
    }
    http_date_format(text, 784111777);
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
}

static void parse_fields(struct http_head *head, const char *fields)
{
    struct http_head_scan scan = {0};
    char text[512];
    snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", fields);
    int end = http_head_find_end(&scan, text, strlen(text));
    assert_int_equal(http_head_parse(head, &scan, text, (size_t)end), 0);
}

/* Which condition is evaluated, and which is ignored (RFC 9110 section 13.2.2). */
static void test_conditions_are_evaluated_in_order(void **state)
{
    static const struct {
        const char *fields;
        enum http_condition expected;
        bool ranges_hold;
    } cases[] = {
        {"", HTTP_CONDITION_HOLDS, true},
        {"If-Match: \"a\"\r\n", HTTP_CONDITION_HOLDS, true},
        {"If-Match: \"x\"\r\nIf-Match: \"a\"\r\n", HTTP_CONDITION_HOLDS, true},
        {"If-Match: *\r\n", HTTP_CONDITION_HOLDS, true},
        {"If-Match: \"x\"\r\n", HTTP_CONDITION_FAILED, true},
        {"If-Match: W/\"a\"\r\n", HTTP_CONDITION_FAILED, true},
        {"If-Match: \"a\"\r\nIf-Unmodified-Since: " LONG_AGO "\r\n", HTTP_CONDITION_HOLDS, true},
        {"If-Match: \"x\"\r\nIf-Unmodified-Since: " LATER "\r\n", HTTP_CONDITION_FAILED, true},
        {"If-Unmodified-Since: " LONG_AGO "\r\n", HTTP_CONDITION_FAILED, true},
        {"If-Unmodified-Since: " CHANGED "\r\n", HTTP_CONDITION_HOLDS, true},
        {"If-Unmodified-Since: yesterday\r\n", HTTP_CONDITION_HOLDS, true},
        {"If-Unmodified-Since: " LONG_AGO "\r\nIf-None-Match: \"a\"\r\n", HTTP_CONDITION_FAILED,
            true},
        {"If-None-Match: \"a\"\r\n", HTTP_NOT_MODIFIED, true},
        {"If-None-Match: W/\"a\"\r\n", HTTP_NOT_MODIFIED, true},
        {"If-None-Match: *\r\n", HTTP_NOT_MODIFIED, true},
        {"If-None-Match: \"x\"\r\nIf-Modified-Since: " LATER "\r\n", HTTP_CONDITION_HOLDS, true},
        {"If-None-Match: \"a\"\r\nIf-Modified-Since: " LONG_AGO "\r\n", HTTP_NOT_MODIFIED, true},
        {"If-Modified-Since: " CHANGED "\r\n", HTTP_NOT_MODIFIED, true},
        {"If-Modified-Since: " LATER "\r\n", HTTP_NOT_MODIFIED, true},
        {"If-Modified-Since: " LONG_AGO "\r\n", HTTP_CONDITION_HOLDS, true},
        {"If-Modified-Since: 0\r\n", HTTP_CONDITION_HOLDS, true},
        {"If-Range: \"a\"\r\n", HTTP_CONDITION_HOLDS, true},
        {"If-Range: W/\"a\"\r\n", HTTP_CONDITION_HOLDS, false},
        {"If-Range: \"x\"\r\n", HTTP_CONDITION_HOLDS, false},
        {"If-Range: " CHANGED "\r\n", HTTP_CONDITION_HOLDS, true},
        {"If-Range: " LATER "\r\n", HTTP_CONDITION_HOLDS, false},
        {"If-Range: " LONG_AGO "\r\n", HTTP_CONDITION_HOLDS, false},
    };
    const struct http_validators validators = {"\"a\"", 784111777}, none = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_head head;
        print_message("%s\n", cases[i].fields);
        parse_fields(&head, cases[i].fields);
        assert_int_equal(http_condition_check(&head, &validators, 1795000000), cases[i].expected);
        assert_int_equal(http_if_range_holds(&head, &validators, 1795000000), cases[i].ranges_hold);
        /* Without validators, only "*" and If-Match can decide anything. */
        if (!strstr(cases[i].fields, "If-Match") && !strchr(cases[i].fields, '*'))
            assert_int_equal(http_condition_check(&head, &none, 1795000000), HTTP_CONDITION_HOLDS);
        http_head_free(&head);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_etag_lists_are_compared),
        cmocka_unit_test(test_dates_are_parsed_and_formatted),
        cmocka_unit_test(test_conditions_are_evaluated_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
