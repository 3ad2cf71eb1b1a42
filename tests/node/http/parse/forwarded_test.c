/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reverse proxies say about their clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/http/parse/forwarded.h"

static struct forwarded read_head(const char *fields, enum forwarded_by by)
{
    struct http_head_scan scan = {0};
    struct http_head head;
    struct ranges trusted;
    struct forwarded out = {.client = "10.0.0.1"};
    char text[1024], bad[8];
    int length = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", fields);
    assert_int_equal(ranges_parse(&trusted, "10.0.0.0/24, fd00::/16", bad, sizeof(bad)), 0);
    assert_int_equal(http_head_find_end(&scan, text, (size_t)length), length);
    assert_int_equal(http_head_parse(&head, &scan, text, (size_t)length), 0);
    forwarded_read(&head, by, &trusted, &out);
    http_head_free(&head);
    return out;
}

/* The last address that is no trusted proxy counts. What stands before it was said by a client. */
static void test_the_last_stranger_in_the_list_counts(void **state)
{
    static const struct {
        const char *fields, *client;
    } cases[] = {
        {"", "10.0.0.1"},
        {"X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 198.51.100.1, 192.0.2.7\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 192.0.2.7, 10.0.0.9\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 10.0.0.8, 10.0.0.9\r\n", "10.0.0.8"},
        {"X-Forwarded-For: 192.0.2.7:4711\r\n", "192.0.2.7"},
        {"X-Forwarded-For: [2001:db8::7]:4711, fd00::1\r\n", "2001:db8::7"},
        {"X-Forwarded-For: 2001:DB8:0:0::7\r\n", "2001:db8::7"},
        {"X-Forwarded-For: ::ffff:192.0.2.7\r\n", "192.0.2.7"},
        {"X-Forwarded-For: ,, 192.0.2.7 ,\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 192.0.2.7, nonsense\r\n", "10.0.0.1"},
        {"X-Forwarded-For: 192.0.2.7, unknown, 10.0.0.9\r\n", "10.0.0.1"},
        {"Forwarded: for=192.0.2.7\r\n", "10.0.0.1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(
            read_head(cases[i].fields, FORWARDED_BY_X_HEADER).client, cases[i].client);
}

static void test_forwarded_is_read(void **state)
{
    static const struct {
        const char *fields, *client;
        bool secure;
    } cases[] = {
        {"Forwarded: for=192.0.2.7\r\n", "192.0.2.7", false},
        {"Forwarded: For=\"[2001:db8::7]:4711\";proto=https;by=10.0.0.1\r\n", "2001:db8::7", true},
        {"Forwarded: by=10.0.0.1; proto=HTTPS ; for=192.0.2.7\r\n", "192.0.2.7", true},
        {"Forwarded: for=192.0.2.7;proto=https, for=10.0.0.9;proto=http\r\n", "192.0.2.7", true},
        {"Forwarded: for=198.51.100.1;proto=https, for=192.0.2.7\r\n", "192.0.2.7", false},
        {"Forwarded: for=_hidden\r\n", "10.0.0.1", false},
        {"Forwarded: for=\"192.0.2.7, for=198.51.100.1\"\r\n", "10.0.0.1", false},
        {"Forwarded: before=192.0.2.7\r\n", "10.0.0.1", false},
        {"X-Forwarded-For: 192.0.2.7\r\n", "10.0.0.1", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct forwarded found = read_head(cases[i].fields, FORWARDED_BY_HEADER);
        assert_string_equal(found.client, cases[i].client);
        assert_int_equal(found.secure, cases[i].secure);
    }
}

static void test_x_forwarded_proto_counts_with_the_address(void **state)
{
    (void)state;
    assert_true(read_head(
        "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n", FORWARDED_BY_X_HEADER)
                    .secure);
    assert_false(read_head(
        "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https, http\r\n", FORWARDED_BY_X_HEADER)
                     .secure);
    assert_false(read_head("X-Forwarded-Proto: https\r\n", FORWARDED_BY_X_HEADER).secure);
}

static void test_the_proxy_protocol_is_read(void **state)
{
    static const char two_4[] =
        "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x0a\0\0\x01\x12\x34\0\x50";
    static const char local[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    static const struct {
        const char *data;
        int bytes, used;
        const char *client;
    } cases[] = {
        {"PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r\nGET", 42, 39, "192.0.2.7"},
        {"PROXY TCP6 2001:db8::7 fd00::1 4711 80\r\n", 40, 40, "2001:db8::7"},
        {"PROXY UNKNOWN\r\n", 15, 15, "10.0.0.1"},
        {"PROXY TCP4 192.0.2.7", 20, 0, "10.0.0.1"},
        {"PRO", 3, 0, "10.0.0.1"},
        {"PROXY TCP4 nonsense 10.0.0.1 1 2\r\n", 34, -1, "10.0.0.1"},
        {"PROXY UDP4 192.0.2.7 10.0.0.1 1 2\r\n", 35, -1, "10.0.0.1"},
        {"PROXY TCP4 192.0.2.7\n", 21, -1, "10.0.0.1"},
        {"GET / HTTP/1.1\r\n", 16, -1, "10.0.0.1"},
        {two_4, 28, 28, "192.0.2.7"},
        {two_4, 27, 0, "10.0.0.1"},
        {two_4, 14, 0, "10.0.0.1"},
        {two_4, 3, 0, "10.0.0.1"},
        {local, 16, 16, "10.0.0.1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct forwarded out = {.client = "10.0.0.1"};
        assert_int_equal(
            forwarded_read_proxy(cases[i].data, (size_t)cases[i].bytes, &out), cases[i].used);
        assert_string_equal(out.client, cases[i].client);
    }
    char long_line[200];
    struct forwarded out = {.client = "10.0.0.1"};
    snprintf(long_line, sizeof(long_line), "%-199s", "PROXY TCP4");
    assert_int_equal(forwarded_read_proxy(long_line, sizeof(long_line), &out), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_stranger_in_the_list_counts),
        cmocka_unit_test(test_forwarded_is_read),
        cmocka_unit_test(test_x_forwarded_proto_counts_with_the_address),
        cmocka_unit_test(test_the_proxy_protocol_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
