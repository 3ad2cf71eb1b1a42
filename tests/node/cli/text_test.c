/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text for terminals: widths of characters, control characters, encodings and sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/cli/text.h"

static int setup(void **state)
{
    (void)state;
    text_init();
    return 0;
}

static void assert_printed(
    const char *text, int max_columns, int pad_columns, const char *expected, int expected_columns)
{
    char *out = NULL;
    size_t out_bytes = 0;
    FILE *file = open_memstream(&out, &out_bytes);
    assert_non_null(file);
    int columns = text_print(file, text, max_columns, pad_columns);
    fclose(file);
    assert_string_equal(out, expected);
    assert_int_equal(columns, expected_columns);
    free(out);
}

static void test_wide_characters_take_two_columns(void **state)
{
    (void)state;
    assert_int_equal(text_columns(""), 0);
    assert_int_equal(text_columns("rice"), 4);
    assert_int_equal(text_columns("水稻"), 4);
    assert_int_equal(text_columns("水a稻"), 5);
    assert_int_equal(text_columns("e\xcc\x81"), 1); /* a combining accent */
    assert_int_equal(text_columns("\xff\xfe"), 2);
}

static void test_text_is_cut_and_padded_to_columns(void **state)
{
    (void)state;
    assert_printed("水稻", 0, 6, "水稻  ", 6);
    assert_printed("水稻育秧", 8, 0, "水稻育秧", 8);
    assert_printed("水稻育秧", 7, 0, "水稻育…", 7);
    assert_printed("水稻育秧", 6, 0, "水稻…", 5);
    assert_printed("水稻育秧", 6, 6, "水稻… ", 6);
    assert_printed("seedlings", 4, 0, "see…", 4);
}

static void test_control_characters_do_not_reach_the_terminal(void **state)
{
    (void)state;
    assert_printed("a\x1b[2Jb\nc\x7f", 0, 0, "a?[2Jb?c?", 9);
    assert_printed("\xc2\x9b"
                   "2J",
        0, 0, "?2J", 3); /* U+009B, a control character that begins a command to the terminal like
                          * ESC [ */
    assert_printed("\xe6\xb0", 0, 0, "??", 2);
}

static void assert_utf8(const char *text, const char *expected)
{
    char *utf8 = text_utf8(text);
    assert_non_null(utf8);
    assert_string_equal(utf8, expected);
    free(utf8);
}

static void test_gb18030_arguments_become_utf8(void **state)
{
    (void)state;
    assert_utf8("", "");
    assert_utf8("水稻.mp4", "水稻.mp4");
    assert_utf8("\xcb\xae\xb5\xbe.avi", "水稻.avi"); /* GBK */
    assert_utf8("\xff\xff.avi", "??.avi");
}

static void test_sizes_have_decimal_units(void **state)
{
    (void)state;
    char out[TEXT_SHORT_BYTES];
    assert_string_equal(text_size(0, out), "0 B");
    assert_string_equal(text_size(999, out), "999 B");
    assert_string_equal(text_size(1000, out), "1 kB");
    assert_string_equal(text_size(1250, out), "1.3 kB");
    assert_string_equal(text_size(9949, out), "9.9 kB");
    assert_string_equal(text_size(9950, out), "10 kB");
    assert_string_equal(text_size(12500, out), "13 kB");
    assert_string_equal(text_size(999499, out), "999 kB");
    assert_string_equal(text_size(999500, out), "1 MB");
    assert_string_equal(text_size(INT64_C(200) << 20, out), "210 MB");
    assert_string_equal(text_size(INT64_C(1500000000), out), "1.5 GB");
    assert_string_equal(text_size(INT64_C(5000000000000000), out), "5000 TB");
}

static void test_durations_are_rounded_to_seconds(void **state)
{
    (void)state;
    char out[TEXT_SHORT_BYTES];
    assert_string_equal(text_duration(0, out), "0:00");
    assert_string_equal(text_duration(6600000, out), "0:07");
    assert_string_equal(text_duration(59 * 60000000LL + 59600000, out), "1:00:00");
    assert_string_equal(text_duration(3723 * 1000000LL, out), "1:02:03");
}

static void test_language_follows_the_locale(void **state)
{
    (void)state;
    unsetenv("LC_ALL");
    unsetenv("LC_MESSAGES");
    setenv("LANG", "zh_CN.UTF-8", 1);
    assert_true(text_chinese());
    setenv("LC_ALL", "en_GB.UTF-8", 1);
    assert_false(text_chinese());
    setenv("LC_ALL", "", 1);
    assert_true(text_chinese());
    unsetenv("LANG");
    assert_false(text_chinese());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wide_characters_take_two_columns),
        cmocka_unit_test(test_text_is_cut_and_padded_to_columns),
        cmocka_unit_test(test_control_characters_do_not_reach_the_terminal),
        cmocka_unit_test(test_gb18030_arguments_become_utf8),
        cmocka_unit_test(test_sizes_have_decimal_units),
        cmocka_unit_test(test_durations_are_rounded_to_seconds),
        cmocka_unit_test(test_language_follows_the_locale),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
