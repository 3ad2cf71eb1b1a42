/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CMCD: what players report about themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "node/http/parse/cmcd.h"

static struct cmcd parse(const char *text)
{
    struct cmcd cmcd;
    cmcd_init(&cmcd);
    cmcd_parse(&cmcd, text);
    return cmcd;
}

static void test_all_keys_are_read(void **state)
{
    struct cmcd c = parse(
        "bl=21300,br=3200,bs,cid=\"a,\\\"b\\\"\",d=4004,dl=18500,mtp=25400,nor=\"..%2F2.m4s\",ot=v,"
        "pr=1.08,rtp=15000,sf=h,sid=\"6e2fb550-c457\",st=v,su,tb=6000,sta=p,v=2");
    (void)state;
    assert_true(c.said && c.starved && c.startup);
    assert_int_equal(c.buffer_ms, 21300);
    assert_int_equal(c.encoded_bps, 3200000);
    assert_string_equal(c.content, "a,\"b\"");
    assert_int_equal(c.object_ms, 4004);
    assert_int_equal(c.deadline_ms, 18500);
    assert_int_equal(c.throughput_bps, 25400000);
    assert_int_equal(c.object, 'v');
    assert_int_equal(c.rate_percent, 108);
    assert_int_equal(c.requested_max_bps, 15000000);
    assert_string_equal(c.session, "6e2fb550-c457");
    assert_int_equal(c.top_bps, 6000000);
    assert_int_equal(c.state, 'p');
}

static void test_empty_text_reports_nothing(void **state)
{
    static const char *const texts[] = {"", ",", " , ", "x=1", "com.example-bl=3", "blx=1", "=5"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct cmcd c = parse(texts[i]);
        assert_false(c.said);
        assert_int_equal(c.buffer_ms, -1);
        assert_int_equal(c.requested_max_bps, -1);
        assert_string_equal(c.session, "");
    }
}

/* A bad value is ignored with its key. The keys after it count in any case. */
static void test_bad_values_are_ignored_and_others_count(void **state)
{
    static const struct {
        const char *text;
        int32_t buffer_ms;
    } cases[] = {
        {"bl=0", 0},
        {"bl=500", 500},
        {"bl=500.75", 500},
        {"bl=86400000", 86400000},
        {"bl=86400001", -1},
        {"bl=99999999999999999999", -1},
        {"bl=-1", -1},
        {"bl=", -1},
        {"bl", -1},
        {"bl=\"500\"", -1},
        {"bl=5x", -1},
        {"bl=1.2.3", -1},
        {"bl=(3000;v 4000;a)", 3000},
        {"bl=(3000 4000)", 3000},
        {"bl=3000;v", 3000},
        {"bl=()", -1},
        {" bl=500 ", 500},
        {"bl=100,bl=x", 100},
        {"bl=100,bl=200", 200},
        {"sid=\"unfinished,bl=1", -1},
        {"sid=\"\\", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[128] = "su,";
        strncat(text, cases[i].text, sizeof(text) - 8);
        struct cmcd c = parse(text);
        assert_int_equal(c.buffer_ms, cases[i].buffer_ms);
        assert_true(c.startup);
    }
}

static void test_texts_may_be_quoted(void **state)
{
    char text[256] = "sid=\"";
    (void)state;
    assert_string_equal(parse("sid=plain").session, "plain");
    assert_string_equal(parse("sid=\"\"").session, "");
    assert_string_equal(parse("sid=\"a\x01\"").session, "");
    assert_int_equal(parse("ot=av").object, 'b');
    memset(text + 5, 'x', 64);
    memcpy(text + 69, "\"", 2);
    assert_int_equal(strlen(parse(text).session), 64);
    memcpy(text + 69, "x\",bs", 6);
    assert_string_equal(parse(text).session, "");
    assert_true(parse(text).starved);
    assert_false(parse("bs=?0").starved);
    assert_true(parse("bs=?1").starved);
}

/* Several headers add to each other. */
static void test_headers_accumulate(void **state)
{
    struct cmcd c = parse("bl=100");
    (void)state;
    cmcd_parse(&c, "rtp=64");
    assert_int_equal(c.buffer_ms, 100);
    assert_int_equal(c.requested_max_bps, 64000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_keys_are_read),
        cmocka_unit_test(test_empty_text_reports_nothing),
        cmocka_unit_test(test_bad_values_are_ignored_and_others_count),
        cmocka_unit_test(test_texts_may_be_quoted),
        cmocka_unit_test(test_headers_accumulate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
