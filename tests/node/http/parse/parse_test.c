/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parsers of the HTTP server, tested by tables. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "node/http/gzip.h"
#include "node/http/parse/chunked.h"
#include "node/http/parse/head.h"
#include "node/http/parse/target.h"
#include "node/http/router.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_paths_are_decoded_and_normalised(void **state)
{
    static const struct {
        const char *target, *path, *query; /* path NULL: the target is refused */
    } cases[] = {
        {"/", "/", ""},
        {"/a/b", "/a/b", ""},
        {"/a/b/", "/a/b/", ""},
        {"/a?x=1&y=%20", "/a", "x=1&y=%20"},
        {"/a?", "/a", ""},
        {"/a?b?c", "/a", "b?c"},
        {"//a///b", "/a/b", ""},
        {"/a/./b/.", "/a/b/", ""},
        {"/a/../b", "/b", ""},
        {"/a/b/..", "/a/", ""},
        {"/a/..", "/", ""},
        {"/a/b/../../c", "/c", ""},
        {"/..", NULL, NULL},
        {"/a/../..", NULL, NULL},
        {"/a/../../b", NULL, NULL},
        {"/%2e%2e/etc/passwd", NULL, NULL},
        {"/a/%2e%2e/b", "/b", ""},
        {"/a%2f..%2fb", "/b", ""},
        {"/a%2F..%2F..%2Fb", NULL, NULL},
        {"/%41%62", "/Ab", ""},
        {"/%e7%a8%bb", "/稻", ""},
        {"/%e7%a8", NULL, NULL},
        {"/%c0%af", NULL, NULL},
        {"/%ed%a0%80", NULL, NULL},
        {"/%00", NULL, NULL},
        {"/a%00b", NULL, NULL},
        {"/%", NULL, NULL},
        {"/%1", NULL, NULL},
        {"/%zz", NULL, NULL},
        {"/%0d%0aX:y", NULL, NULL},
        {"/%7f", NULL, NULL},
        {"/a#b", NULL, NULL},
        {"/a\\b", "/a\\b", ""},
        {"/\xe7\xa8\xbb", NULL, NULL},
        {"a/b", NULL, NULL},
        {"", NULL, NULL},
        {"*", "*", ""},
        {"http://host/a", "/a", ""},
        {"HTTP://host:80/a?b", "/a", "b"},
        {"http://host", "/", ""},
        {"http://host?b", "/", "b"},
        {"https://[::1]:8080/a", "/a", ""},
        {"http:///a", NULL, NULL},
        {"http://us er/a", NULL, NULL},
        {"ftp://host/a", NULL, NULL},
        {"host:443", NULL, NULL},
        {"/...", "/...", ""},
        {"/.a/..b", "/.a/..b", ""},
        {"/?..", "/", ".."},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[64];
        struct http_target out;
        int error = http_target_parse(cases[i].target, strlen(cases[i].target), path, &out);
        print_message("target %s\n", cases[i].target);
        assert_int_equal(error, cases[i].path ? 0 : -EBADMSG);
        if (error == 0) {
            assert_string_equal(path, cases[i].path);
            assert_string_equal(out.query, cases[i].query);
        }
    }
}

static void test_hosts_are_validated(void **state)
{
    static const struct {
        const char *host;
        bool valid;
    } cases[] = {
        {"localhost", true},
        {"10.0.0.1:8080", true},
        {"[::1]", true},
        {"[fe80::1%25eth0]:80", false},
        {"[::1]:8080", true},
        {"a.b-c_d", true},
        {"host:", true},
        {"", false},
        {":80", false},
        {"a b", false},
        {"a/b", false},
        {"a@b", false},
        {"host:80a", false},
        {"host:1234567", false},
        {"[::1", false},
        {"[]", false},
        {"[::1]x", false},
        {"a:b:c", false},
        {"a\"b", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        print_message("host %s\n", cases[i].host);
        assert_int_equal(http_host_valid(cases[i].host, strlen(cases[i].host)), cases[i].valid);
    }
}

static void test_query_parameters_are_decoded(void **state)
{
    static const struct {
        const char *query, *name, *value; /* value NULL: the parameter is absent, and the parser
                                           * returns -1 */
    } cases[] = {
        {"a=1&b=2", "b", "2"},
        {"a=1&b=2", "c", NULL},
        {"ab=1&b=2", "b", "2"},
        {"a=1+2%2B3", "a", "1 2+3"},
        {"a", "a", ""},
        {"a=", "a", ""},
        {"a=b=c", "a", "b=c"},
        {"&&a=1", "a", "1"},
        {"a=%e7%a8%bb", "a", "稻"},
        {"a=%", "a", NULL},
        {"a=%00", "a", NULL},
        {"a=1234567", "a", "1234567"},
        {"a=12345678", "a", NULL},
        {"", "a", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[8];
        int length = http_query_param(cases[i].query, cases[i].name, out, sizeof(out));
        print_message("query %s\n", cases[i].query);
        assert_int_equal(length, cases[i].value ? (int)strlen(cases[i].value) : -1);
        if (cases[i].value)
            assert_string_equal(out, cases[i].value);
    }
}

static void test_cookies_are_found(void **state)
{
    char out[8];
    (void)state;
    assert_int_equal(http_cookie_value("a=1; s=abc; t=2", "s", out, sizeof(out)), 3);
    assert_string_equal(out, "abc");
    assert_int_equal(http_cookie_value("xs=1; s=", "s", out, sizeof(out)), 0);
    assert_int_equal(http_cookie_value("xs=1;s", "s", out, sizeof(out)), -1);
    assert_int_equal(http_cookie_value("s=12345678", "s", out, sizeof(out)), -1);
    assert_int_equal(http_cookie_value("", "s", out, sizeof(out)), -1);
    assert_int_equal(http_cookie_value(";;; s=1", "s", out, sizeof(out)), 1);
}

static void test_accept_encoding_decides_on_gzip(void **state)
{
    static const struct {
        const char *accept;
        bool gzip;
    } cases[] = {
        {NULL, false},
        {"", false},
        {"gzip", true},
        {"GZIP", true},
        {"deflate, gzip;q=0.5, br", true},
        {"gzip;q=0", false},
        {"gzip; q=0.000", false},
        {"gzip;q=0.001", true},
        {"gzip;q=1", true},
        {"*", true},
        {"*;q=0", false},
        {"gzip;q=0, *", false},
        {"br", false},
        {"gzipx", false},
        {"identity", false},
        {",,gzip", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        print_message("Accept-Encoding %s\n", cases[i].accept ? cases[i].accept : "none");
        assert_int_equal(http_accepts_gzip(cases[i].accept), cases[i].gzip);
    }
    assert_true(http_type_compressible("application/vnd.apple.mpegurl"));
    assert_true(http_type_compressible("text/html; charset=utf-8"));
    assert_false(http_type_compressible("video/mp4"));
}

static void test_gzip_output_decompresses(void **state)
{
    char text[5000], back[sizeof(text)];
    void *packed;
    size_t packed_bytes;
    z_stream stream = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + i % 7);
    assert_int_equal(http_gzip(text, sizeof(text), HTTP_GZIP_BEST, &packed, &packed_bytes), 0);
    assert_true(packed_bytes < 200);
    stream.next_in = packed;
    stream.avail_in = (uInt)packed_bytes;
    stream.next_out = (Bytef *)back;
    stream.avail_out = sizeof(back);
    assert_int_equal(inflateInit2(&stream, 31), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, sizeof(text));
    assert_memory_equal(back, text, sizeof(text));
    inflateEnd(&stream);
    free(packed);
}

static const struct http_route routes[] = {
    {.methods = HTTP_GET, .pattern = "/"},
    {.methods = HTTP_GET, .pattern = "/api/lessons"},
    {.methods = HTTP_GET, .pattern = "/api/lessons/new"},
    {.methods = HTTP_GET | HTTP_PATCH, .pattern = "/api/lessons/:id"},
    {.methods = HTTP_DELETE, .pattern = "/api/lessons/:id"},
    {.methods = HTTP_GET, .pattern = "/v/:lesson/:revision/:rendition/:file"},
};

/* There are two sets. The second must be searched too, and the methods of both must be combined. */
static const struct http_route_set sets[] = {
    {routes, 2, NULL}, {routes + 2, COUNT(routes) - 2, NULL}};

static void test_routes_are_found(void **state)
{
    static const struct {
        const char *path;
        enum http_method method;
        int route;   /* -1: none */
        int methods; /* the methods that the path has, if none of its routes matches */
        const char *last_arg;
    } cases[] = {
        {"/", HTTP_GET, 0, 0, NULL},
        {"/", HTTP_HEAD, 0, 0, NULL},
        {"/", HTTP_POST, -1, HTTP_GET | HTTP_HEAD | HTTP_OPTIONS, NULL},
        {"/api/lessons", HTTP_GET, 1, 0, NULL},
        {"/api/lessons/", HTTP_GET, -1, 0, NULL},
        {"/api/lessons/new", HTTP_GET, 2, 0, NULL},
        {"/api/lessons/7", HTTP_GET, 3, 0, "7"},
        {"/api/lessons/new", HTTP_DELETE, 4, 0, "new"},
        {"/api/lessons/7", HTTP_PUT, -1,
            HTTP_GET | HTTP_HEAD | HTTP_PATCH | HTTP_DELETE | HTTP_OPTIONS, NULL},
        {"/api/lessons/7", HTTP_OPTIONS, -1,
            HTTP_GET | HTTP_HEAD | HTTP_PATCH | HTTP_DELETE | HTTP_OPTIONS, NULL},
        {"/api/lessons/7/8", HTTP_GET, -1, 0, NULL},
        {"/v/1/2/v48/3.m4s", HTTP_GET, 5, 0, "3.m4s"},
        {"/v/1/2/v48", HTTP_GET, -1, 0, NULL},
        {"/api/lessonsx", HTTP_GET, -1, 0, NULL},
        {"/api", HTTP_GET, -1, 0, NULL},
        {"/v/1/2//3.m4s", HTTP_GET, -1, 0, NULL},
        {"", HTTP_GET, -1, 0, NULL},
        {"*", HTTP_OPTIONS, -1, 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_match match;
        print_message("path %s\n", cases[i].path);
        http_router_match(&match, sets, COUNT(sets), cases[i].method, cases[i].path);
        assert_int_equal(match.route ? match.route - routes : -1, cases[i].route);
        if (!match.route)
            assert_int_equal(match.methods, cases[i].methods);
        if (cases[i].last_arg) {
            const struct http_arg *arg = &match.args[match.arg_count - 1];
            assert_int_equal(arg->value_bytes, strlen(cases[i].last_arg));
            assert_memory_equal(arg->value, cases[i].last_arg, arg->value_bytes);
        }
    }
}

static void collect(void *ctx, const char *piece, size_t piece_bytes)
{
    strncat(ctx, piece, piece_bytes);
}

/* Decodes the body in one block and byte by byte. Both must give the same result. */
static void test_chunked_bodies_decode_in_any_blocks(void **state)
{
    static const struct {
        const char *wire, *body;
        int error;
        size_t rest;
    } cases[] = {
        {"3\r\nabc\r\n0\r\n\r\n", "abc", 1, 0},
        {"0\r\n\r\n", "", 1, 0},
        {"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET /", "abcde", 1, 5},
        {"3;a=b\r\nabc\r\n0\r\n\r\n", "abc", 1, 0},
        {"3;a=\"b c\"\r\nabc\r\n0\r\n\r\n", "abc", 1, 0},
        {"00000003\r\nabc\r\n0\r\n\r\n", "abc", 1, 0},
        {"3\r\nab", "ab", 0, 0},
        {"3\r\nabcd\r\n0\r\n\r\n", "abc", -EBADMSG, 0},
        {"x\r\n", "", -EBADMSG, 0},
        {"-1\r\n", "", -EBADMSG, 0},
        {"0x3\r\nabc\r\n", "", -EBADMSG, 0},
        {" 3\r\nabc\r\n", "", -EBADMSG, 0},
        {"3 \r\nabc\r\n", "", -EBADMSG, 0},
        {"3\nabc\n0\n\n", "", -EBADMSG, 0},
        {"11111111111111111\r\n", "", -EBADMSG, 0},
        {"0\r\nTrailer: x\r\n\r\n", "", -EBADMSG, 0},
        {"3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n", "abc", -EBADMSG, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int bytewise = 0; bytewise < 2; bytewise++) {
            struct http_chunked *chunked = http_chunked_new();
            const char *at = cases[i].wire, *end = at + strlen(at);
            char body[64] = "";
            size_t taken;
            int error = 0;
            print_message("chunked %s\n", cases[i].wire);
            while (error == 0 && at < end) {
                error = http_chunked_decode(
                    chunked, at, bytewise ? 1 : (size_t)(end - at), &taken, collect, body);
                at += taken;
            }
            assert_int_equal(error, cases[i].error);
            assert_string_equal(body, cases[i].body);
            if (error == 1)
                assert_int_equal(end - at, cases[i].rest);
            http_chunked_free(chunked);
        }
    }
}

static void test_chunk_extensions_are_bounded(void **state)
{
    struct http_chunked *chunked = http_chunked_new();
    char body[8] = "", junk[512];
    size_t taken;
    int error = http_chunked_decode(chunked, "1;", 2, &taken, collect, body);
    (void)state;
    memset(junk, 'x', sizeof(junk));
    for (int i = 0; error == 0 && i < 100; i++)
        error = http_chunked_decode(chunked, junk, sizeof(junk), &taken, collect, body);
    assert_int_equal(error, -EBADMSG);
    http_chunked_free(chunked);
}

/* A head that is fed byte by byte must end at the same byte as one that is fed at once. */
static void test_a_head_ends_the_same_byte_by_byte(void **state)
{
    static const char text[] =
        "\r\nGET /a?b HTTP/1.1\r\nHost: h\r\nEmpty:\r\nX:  v w \t\r\n\r\nREST";
    struct http_head_scan scan = {0};
    struct http_head head;
    size_t from = 0;
    int end = 0;
    (void)state;
    for (size_t i = 1; end == 0 && i < sizeof(text); i++)
        end = http_head_find_end(&scan, text, i);
    assert_int_equal(end, sizeof(text) - 1 - strlen("REST"));
    assert_int_equal(http_head_parse(&head, &scan, text, (size_t)end), 0);
    assert_int_equal(head.method, HTTP_GET);
    assert_string_equal(head.path, "/a");
    assert_string_equal(head.query, "b");
    assert_true(head.keep_alive);
    assert_string_equal(http_head_field(&head, "x", &from), "v w");
    from = 0;
    assert_string_equal(http_head_field(&head, "EMPTY", &from), "");
    assert_null(http_head_field(&head, "EMPTY", &from));
    http_head_free(&head);
}

static void test_keep_alive_follows_the_version(void **state)
{
    static const struct {
        const char *text;
        bool keep_alive;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_head_scan scan = {0};
        struct http_head head;
        int end = http_head_find_end(&scan, cases[i].text, strlen(cases[i].text));
        print_message("%s", cases[i].text);
        assert_int_equal(end, strlen(cases[i].text));
        assert_int_equal(http_head_parse(&head, &scan, cases[i].text, (size_t)end), 0);
        assert_int_equal(head.keep_alive, cases[i].keep_alive);
        http_head_free(&head);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_are_decoded_and_normalised),
        cmocka_unit_test(test_hosts_are_validated),
        cmocka_unit_test(test_query_parameters_are_decoded),
        cmocka_unit_test(test_cookies_are_found),
        cmocka_unit_test(test_accept_encoding_decides_on_gzip),
        cmocka_unit_test(test_gzip_output_decompresses),
        cmocka_unit_test(test_routes_are_found),
        cmocka_unit_test(test_chunked_bodies_decode_in_any_blocks),
        cmocka_unit_test(test_chunk_extensions_are_bounded),
        cmocka_unit_test(test_a_head_ends_the_same_byte_by_byte),
        cmocka_unit_test(test_keep_alive_follows_the_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
