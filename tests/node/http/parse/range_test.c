/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Range headers: one range, several ranges, and the length of a multipart answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/http/parse/range.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_single_ranges_are_parsed(void **state)
{
    static const struct {
        const char *value;
        int64_t total;
        enum http_range_kind kind;
        int64_t first, length;
    } cases[] = {
        {NULL, 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=0-", 100, HTTP_RANGE_PARTS, 0, 100},
        {"bytes=0-0", 100, HTTP_RANGE_PARTS, 0, 1},
        {"bytes=10-19", 100, HTTP_RANGE_PARTS, 10, 10},
        {"Bytes=10-19", 100, HTTP_RANGE_PARTS, 10, 10},
        {"bytes=90-1000", 100, HTTP_RANGE_PARTS, 90, 10},
        {"bytes=99-", 100, HTTP_RANGE_PARTS, 99, 1},
        {"bytes=100-", 100, HTTP_RANGE_UNSATISFIABLE, 0, 100},
        {"bytes=-10", 100, HTTP_RANGE_PARTS, 90, 10},
        {"bytes=-1000", 100, HTTP_RANGE_PARTS, 0, 100},
        {"bytes=-0", 100, HTTP_RANGE_UNSATISFIABLE, 0, 100},
        {"bytes=0-", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=-5", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=20-10", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=-", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=a-b", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=1-2x", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=--5", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"lines=0-5", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes 0-5", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=0-1,5-6", 100, HTTP_RANGE_PARTS, 0, 7},
        {"bytes= 0-1 , ", 100, HTTP_RANGE_PARTS, 0, 2},
        {"bytes=200-,300-", 100, HTTP_RANGE_UNSATISFIABLE, 0, 100},
        {"bytes=5-6,x", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=99999999999999999999-", 100, HTTP_RANGE_UNSATISFIABLE, 0, 100},
        {"bytes=0-99999999999999999999", 100, HTTP_RANGE_PARTS, 0, 100},
        {"bytes=-99999999999999999999", 100, HTTP_RANGE_PARTS, 0, 100},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_ranges ranges;
        print_message("range %s of %lld\n", cases[i].value ? cases[i].value : "none",
            (long long)cases[i].total);
        assert_int_equal(http_range_parse(cases[i].value, cases[i].total, &ranges), cases[i].kind);
        assert_int_equal(ranges.count, 1);
        assert_int_equal(ranges.items[0].first_bytes, cases[i].first);
        assert_int_equal(ranges.items[0].length_bytes, cases[i].length);
    }
}

/* Several ranges: those that overlap or nearly touch become one, in the place of the first. */
static void test_overlapping_ranges_are_joined(void **state)
{
    static const struct {
        const char *value, *expected;
    } cases[] = {
        {"bytes=0-9,500-509", "0+10 500+10 "},
        {"bytes=500-509,0-9", "500+10 0+10 "},
        {"bytes=500-509, 0-9 ,700-", "500+10 0+10 700+300 "},
        {"bytes=0-9,5-20", "0+21 "},
        {"bytes=5-20,0-9,-1", "0+21 999+1 "},
        {"bytes=0-9,137-140", "0+141 "},
        {"bytes=0-9,138-140", "0+10 138+3 "},
        {"bytes=0-9,900-909,300-309,0-999", "0+1000 "},
        {"bytes=600-609,0-9,300-309,200-400", "600+10 0+10 200+201 "},
        {"bytes=0-9,2000-3000,900-", "0+10 900+100 "},
        {"bytes=0-0,150-150,300-300,450-450,600-600,750-750,900-900,1-1,151-151,301-301,451-451,"
         "601-601,751-751,901-901,2-2,152-152",
            "0+3 150+3 300+2 450+2 600+2 750+2 900+2 "},
        {"bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15,16-16",
            "0+1000 "},
        {"bytes=0-1,5-4", "0+1000 "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_ranges ranges;
        char text[512] = "";
        size_t used = 0;
        http_range_parse(cases[i].value, 1000, &ranges);
        for (size_t j = 0; j < ranges.count; j++)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%lld+%lld ",
                (long long)ranges.items[j].first_bytes, (long long)ranges.items[j].length_bytes);
        assert_string_equal(text, cases[i].expected);
    }
}

static void test_multipart_lengths_agree(void **state)
{
    const struct http_ranges ranges = {.items = {{0, 10}, {500, 2}}, .count = 2};
    char head[HTTP_PART_HEAD_BYTES], end[HTTP_PART_HEAD_BYTES], type[300];
    (void)state;
    http_part_head(head, "b", "video/mp4", &ranges.items[0], 1000);
    assert_string_equal(
        head, "\r\n--b\r\nContent-Type: video/mp4\r\nContent-Range: bytes 0-9/1000\r\n\r\n");
    http_parts_end(end, "b");
    assert_string_equal(end, "\r\n--b--\r\n");
    assert_int_equal(http_parts_bytes(&ranges, "b", "video/mp4", 1000),
        2 * (int)strlen(head) + 4 + 10 + 2 + (int)strlen(end));
    memset(type, 'x', sizeof(type) - 1);
    type[sizeof(type) - 1] = '\0';
    assert_true(http_part_head(head, type, type, &(struct http_range){INT64_MAX - 9, 9},
                    INT64_MAX) == strlen(head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_ranges_are_parsed),
        cmocka_unit_test(test_overlapping_ranges_are_joined),
        cmocka_unit_test(test_multipart_lengths_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
