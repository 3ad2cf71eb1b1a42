/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks UTF-8, GB18030 and hashes by known values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "transcoder/text/gb18030.h"
#include "transcoder/text/hash.h"
#include "transcoder/text/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_utf8_accepts_whole_sequences_only(void **state)
{
    static const struct {
        const char *text;
        size_t length; /* length of the first sequence; 0: it is malformed */
    } cases[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xe5\xb0\x8f", 3},
        {"\xed\x9f\xbf", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\x80", 0},             /* a continuation byte */
        {"\xc1\xbf", 0},         /* overlong */
        {"\xe0\x9f\xbf", 0},     /* overlong */
        {"\xf0\x8f\xbf\xbf", 0}, /* overlong */
        {"\xed\xa0\x80", 0},     /* a surrogate */
        {"\xf4\x90\x80\x80", 0}, /* beyond U+10FFFF */
        {"\xf5\x80\x80\x80", 0},
        {"\xe5\xb0", 0}, /* cut short */
        {"\xe5\xb0x", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t bytes = strlen(cases[i].text);
        assert_int_equal(utf8_sequence(cases[i].text, bytes), cases[i].length);
        assert_int_equal(utf8_valid(cases[i].text, bytes), cases[i].length == bytes);
    }
    assert_int_equal(utf8_sequence("", 0), 0);
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\0b", 3));
    assert_int_equal(utf8_count("\xe5\xb0\x8f\xe9\xba\xa6 ok"), 5);
}

static void test_control_characters_are_cleaned(void **state)
{
    static const struct {
        const char *text, *clean;
    } cases[] = {
        {"", ""},
        {"小麦 wheat", "小麦 wheat"},
        {"a\tb\nc\x7f", "a b c "},
        {"a\xc2\x9b"
         "2J",
            "a 2J"},
        {"\xe2\x80\xae"
         "fdp.exe",
            " fdp.exe"},
        {"\xe2\x81\xa6"
         "a",
            " a"},
        {"a\xff"
         "b\xe5\xb0",
            "a?b??"},
        {"\xc2\xa0", "\xc2\xa0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[32];
        snprintf(text, sizeof(text), "%s", cases[i].text);
        utf8_clean(text);
        assert_string_equal(text, cases[i].clean);
    }
}

static void test_gb18030_becomes_utf8(void **state)
{
    struct gb18030 *converter;
    char out[16];

    (void)state;
    assert_int_equal(gb18030_open(&converter), 0);
    /* A character of two bytes, and one of four. */
    assert_int_equal(gb18030_to_utf8(converter, "\xd0\xa1", 2, out, sizeof(out)), 3);
    assert_memory_equal(out, "\xe5\xb0\x8f", 3);
    assert_int_equal(gb18030_to_utf8(converter, "\x90\x30\x81\x30", 4, out, sizeof(out)), 4);
    assert_memory_equal(out, "\xf0\x90\x80\x80", 4);
    /* Malformed text, text that is cut short, and a small buffer fail. The converter still works
     * after each failure. */
    assert_int_equal(gb18030_to_utf8(converter, "\xff", 1, out, sizeof(out)), -1);
    assert_int_equal(gb18030_to_utf8(converter, "\xd0", 1, out, sizeof(out)), -1);
    assert_int_equal(gb18030_to_utf8(converter, "\xd0\xa1", 2, out, 2), -1);
    assert_int_equal(gb18030_to_utf8(converter, "ab", 2, out, sizeof(out)), 2);
    gb18030_close(&converter);
    assert_null(converter);
    gb18030_close(&converter);
}

/* The values are the algorithm's published test vectors. */
static void test_hashes_are_fnv_1a(void **state)
{
    (void)state;
    assert_true(hash_text(HASH_START, "") == UINT64_C(0xcbf29ce484222325));
    assert_true(hash_text(HASH_START, "a") == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(hash_text(HASH_START, "foobar") == UINT64_C(0x85944171f73967e8));
    assert_true(
        hash_bytes(hash_text(HASH_START, "foo"), "bar", 3) == hash_text(HASH_START, "foobar"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_accepts_whole_sequences_only),
        cmocka_unit_test(test_control_characters_are_cleaned),
        cmocka_unit_test(test_gb18030_becomes_utf8),
        cmocka_unit_test(test_hashes_are_fnv_1a),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
