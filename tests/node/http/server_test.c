/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests and responses over real sockets: connections, ranges, conditions, compression,
 * routes. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/node/http/http_fixture.h"

#define HOST "Host: h\r\n"

static struct fixture fixture;

static int open_all(void **state)
{
    (void)state;
    fixture_open(&fixture, NULL);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    fixture_close(&fixture, 5000);
    return 0;
}

static void test_a_connection_serves_many_requests(void **state)
{
    int fd = client_connect(&fixture);
    struct response response;
    (void)state;
    for (int i = 0; i < 50; i++) {
        client_say(fd, "GET /hello?name=a%20b HTTP/1.1\r\n" HOST "\r\n");
        client_read(fd, &response, false);
        assert_int_equal(response.status, 200);
        assert_string_equal((char *)response.body, "a b");
        assert_string_equal(response_header(&response, "X-Peer"), "127.0.0.1");
        assert_string_equal(response_header(&response, "Connection"), "");
        response_free(&response);
    }
    client_say(fd, "GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    client_read(fd, &response, false);
    assert_string_equal(response_header(&response, "Connection"), "close");
    assert_true(client_at_end(fd));
    response_free(&response);
    close(fd);
}

static void test_http_1_0_closes(void **state)
{
    int fd = client_connect(&fixture);
    struct response response;
    (void)state;
    client_say(fd, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client_read(fd, &response, false);
    assert_string_equal(response_header(&response, "Connection"), "keep-alive");
    response_free(&response);
    client_say(fd, "GET / HTTP/1.0\r\n\r\n");
    client_read(fd, &response, false);
    assert_int_equal(response.status, 200);
    assert_true(client_at_end(fd));
    response_free(&response);
    close(fd);
}

static void test_a_slow_turn_is_counted_once(void **state)
{
    struct response response;
    (void)state;
    int before = fixture.slow_turns;
    ask(&fixture, "GET /slow HTTP/1.1\r\n" HOST "\r\n", &response);
    response_free(&response);
    await_count(&fixture.slow_turns, before + 1);
    ask(&fixture, "GET /slow HTTP/1.1\r\n" HOST "\r\n", &response);
    response_free(&response);
    await_count(&fixture.slow_turns, before + 2);
}

static void test_server_headers_are_set(void **state)
{
    struct response response;
    (void)state;
    ask(&fixture, "GET / HTTP/1.1\r\n" HOST "\r\n", &response);
    assert_string_equal(response_header(&response, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(response_header(&response, "Referrer-Policy"), "same-origin");
    assert_string_equal(response_header(&response, "Server"), "Terrace");
    assert_int_equal(strlen(response_header(&response, "Date")), 29);
    assert_string_equal(response_header(&response, "X-Evil"), "a  Set-Cookie: b");
    assert_string_equal(response_header(&response, "Set-Cookie"), "");
    assert_string_equal(response_header(&response, "Access-Control-Allow-Origin"), "");
    response_free(&response);
}

/* All requests are sent at once, with files and errors among them. The answers must come in the
 * same order. */
static void test_pipelined_requests_are_answered_in_order(void **state)
{
    int fd = client_connect(&fixture);
    struct response response;
    (void)state;
    client_say(fd,
        "GET /hello?name=1 HTTP/1.1\r\n" HOST "\r\n"
        "GET /file HTTP/1.1\r\n" HOST "Range: bytes=0-9\r\n\r\n"
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n"
        "POST /refuse HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n12345"
        "\r\nGET /nowhere HTTP/1.1\r\n" HOST "\r\n"
        "HEAD /file HTTP/1.1\r\n" HOST "\r\n"
        "GET /hello?name=2 HTTP/1.1\r\n" HOST "\r\n");
    static const struct {
        int status;
        const char *body;
    } expected[] = {{200, "1"}, {206, NULL}, {200, "abc"}, {200, "de"}, {403, NULL}, {404, NULL},
        {200, ""}, {200, "2"}};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        client_read(fd, &response, i == 6);
        assert_int_equal(response.status, expected[i].status);
        if (expected[i].body)
            assert_string_equal((char *)response.body, expected[i].body);
        response_free(&response);
    }
    close(fd);
}

/* While an answer is being sent, only a bounded number of bytes is read from the socket. So the
 * sender gets stuck. */
static void test_a_pipelined_flood_is_bounded(void **state)
{
    static const char request[] = "GET /hello HTTP/1.1\r\n" HOST "\r\n";
    int fd = client_connect(&fixture), small = 8192;
    size_t sent = 0, whole;
    char block[37 * 1000];
    ssize_t error;
    struct response response;
    (void)state;
    assert_int_equal(sizeof(request) - 1, 32);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    client_say(fd, "GET /defer HTTP/1.1\r\n" HOST "\r\n");
    gate_await(&fixture.gate, 1);
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = request[i % 32];
    whole = sizeof(block) / 32 * 32;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    do {
        error = send(fd, block + sent % 32, whole - sent % 32, MSG_NOSIGNAL);
        sent += error > 0 ? (size_t)error : 0;
    } while (error > 0 && sent < 100000000);
    assert_true(sent < 100000000); /* the kernel's buffers stop it within a few megabytes */
    fcntl(fd, F_SETFL, 0);
    gate_open(&fixture.gate, 1);
    for (int i = 0; i < 100; i++) {
        client_read(fd, &response, false);
        assert_int_equal(response.status, 200);
        response_free(&response);
    }
    close(fd);
}

static void check_part(const struct response *response, size_t first)
{
    for (size_t i = 0; i < response->body_bytes; i++)
        if (response->body[i] != file_byte(first + i))
            fail_msg("byte %zu is %d, not %d", i, response->body[i], file_byte(first + i));
}

static void check_ranges(const char *path)
{
    static const struct {
        const char *headers;
        int status;
        size_t first, length;
        const char *content_range;
    } cases[] = {
        {"", 200, 0, FILE_BYTES, ""},
        {"Range: bytes=0-0\r\n", 206, 0, 1, "bytes 0-0/1000000"},
        {"Range: bytes=500000-\r\n", 206, 500000, 500000, "bytes 500000-999999/1000000"},
        {"Range: bytes=990-1010\r\n", 206, 990, 21, "bytes 990-1010/1000000"},
        {"Range: bytes=1000-1000\r\n", 206, 1000, 1, "bytes 1000-1000/1000000"},
        {"Range: bytes=100000-300700\r\n", 206, 100000, 200701, "bytes 100000-300700/1000000"},
        {"Range: bytes=-7\r\n", 206, 999993, 7, "bytes 999993-999999/1000000"},
        {"Range: bytes=999999-2000000\r\n", 206, 999999, 1, "bytes 999999-999999/1000000"},
        {"Range: bytes=0-1,4-5\r\n", 206, 0, 6, "bytes 0-5/1000000"},
        {"Range: bytes=0-1,5-4\r\n", 200, 0, FILE_BYTES, ""},
        {"Range: bytes=5-4\r\n", 200, 0, FILE_BYTES, ""},
        {"Range: bytes=0-9\r\nIf-Range: \"tag\"\r\n", 206, 0, 10, "bytes 0-9/1000000"},
        {"Range: bytes=0-9\r\nIf-Range: \"other\"\r\n", 200, 0, FILE_BYTES, ""},
        {"Range: bytes=0-9\r\nIf-Range: Tue, 24 Nov 2026 10:00:00 GMT\r\n", 200, 0, FILE_BYTES, ""},
    };
    int fd = client_connect(&fixture);
    struct response response;
    char request[256];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(
            request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "%s\r\n", path, cases[i].headers);
        client_say(fd, request);
        client_read(fd, &response, false);
        print_message("%s", cases[i].headers);
        assert_int_equal(response.status, cases[i].status);
        assert_int_equal(response.body_bytes, cases[i].length);
        assert_string_equal(response_header(&response, "Content-Range"), cases[i].content_range);
        assert_string_equal(response_header(&response, "ETag"), "\"tag\"");
        check_part(&response, cases[i].first);
        response_free(&response);
    }
    close(fd);
}

static void test_single_ranges_are_served(void **state)
{
    (void)state;
    check_ranges("/file");
}

/* Checks one part at *at and moves *at to the next. */
static void check_next_part(const char **at, const char *boundary, int64_t first, int64_t length)
{
    char head[200];
    int bytes = snprintf(head, sizeof(head),
        "\r\n--%s\r\nContent-Type: video/mp4\r\nContent-Range: bytes %lld-%lld/1000000\r\n\r\n",
        boundary, (long long)first, (long long)(first + length - 1));
    assert_memory_equal(*at, head, (size_t)bytes);
    *at += bytes;
    for (int64_t i = 0; i < length; i++)
        assert_int_equal((unsigned char)(*at)[i], file_byte((size_t)(first + i)));
    *at += length;
}

/* Checks several ranges (RFC 9110 section 14.6). With extents, the ranges cross their borders and
 * also go backwards. */
static void check_many_ranges(int fd, const char *path)
{
    struct response response;
    char text[200], boundary[64], end[80];
    snprintf(text, sizeof(text),
        "GET %s HTTP/1.1\r\n" HOST "Range: bytes=990-201010,-5,500-600,0-0\r\n\r\n", path);
    client_say(fd, text);
    client_read(fd, &response, false);
    assert_int_equal(response.status, 206);
    assert_string_equal(response_header(&response, "Content-Range"), "");
    assert_string_equal(response_header(&response, "ETag"), "\"tag\"");
    assert_int_equal(sscanf(response_header(&response, "Content-Type"),
                         "multipart/byteranges; boundary=%60s", boundary),
        1);
    const char *at = (const char *)response.body;
    check_next_part(&at, boundary, 990, 200021);
    check_next_part(&at, boundary, 999995, 5);
    check_next_part(&at, boundary, 500, 101);
    check_next_part(&at, boundary, 0, 1);
    snprintf(end, sizeof(end), "\r\n--%s--\r\n", boundary);
    assert_string_equal(at, end);
    response_free(&response);
}

static void test_several_ranges_are_multipart(void **state)
{
    int fd = client_connect(&fixture);
    int released = atomic_load(&fixture.pieces_released);
    (void)state;
    for (int i = 0; i < 2; i++) {
        check_many_ranges(fd, "/file");
        check_many_ranges(fd, "/pieces");
    }
    assert_int_equal(atomic_load(&fixture.pieces_released), released + 2);
    close(fd);
}

static void test_ranges_span_extents(void **state)
{
    int released = atomic_load(&fixture.pieces_released), descriptors;
    (void)state;
    check_ranges("/pieces");
    assert_int_equal(atomic_load(&fixture.pieces_released), released + 14);
    /* Each extent is closed before the next is opened, so descriptors do not add up. */
    atomic_store(&fixture.max_descriptors, 0);
    check_ranges("/pieces");
    descriptors = atomic_load(&fixture.max_descriptors);
    atomic_store(&fixture.max_descriptors, 0);
    free(shell(&fixture, "curl -s -r 400000-400009 http://127.0.0.1:$PORT/pieces"));
    assert_in_range(descriptors, 1, atomic_load(&fixture.max_descriptors) + 2);
}

/* The promised bytes cannot be sent, so the connection must end before the promised length. */
static void test_a_missing_extent_ends_the_connection(void **state)
{
    int released = atomic_load(&fixture.pieces_released);
    (void)state;
    char *said =
        shell(&fixture, "curl -s http://127.0.0.1:$PORT/broken-pieces | wc -c; "
                        "curl -so /dev/null http://127.0.0.1:$PORT/broken-pieces; echo $?");
    assert_string_equal(said, "200801\n18\n");
    free(said);
    await_count(&fixture.pieces_released, released + 2);
}

/* Extents must be released when the answer has no body, and when the peer leaves in the middle. */
static void test_extents_are_released(void **state)
{
    static const int statuses[] = {200, 304, 416};
    static const char *const heads[] = {"HEAD /pieces HTTP/1.1\r\n" HOST "\r\n",
        "GET /pieces HTTP/1.1\r\n" HOST "If-None-Match: \"tag\"\r\n\r\n",
        "GET /pieces HTTP/1.1\r\n" HOST "Range: bytes=1000000-\r\n\r\n"};
    int released = atomic_load(&fixture.pieces_released);
    int opened = atomic_load(&fixture.pieces_opened);
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct response response;
        ask(&fixture, heads[i], &response);
        assert_int_equal(response.status, statuses[i]);
        response_free(&response);
    }
    assert_int_equal(atomic_load(&fixture.pieces_opened), opened);
    for (int i = 0; i < 3; i++) {
        int fd = client_connect(&fixture);
        client_say(fd, "GET /pieces HTTP/1.1\r\n" HOST "\r\n");
        close(fd);
    }
    await_count(&fixture.pieces_released, released + 6);
}

static void test_part_of_a_file_is_served(void **state)
{
    struct response response;
    (void)state;
    ask(&fixture, "GET /v/1/0.m4s HTTP/1.1\r\n" HOST "Range: bytes=399990-\r\n\r\n", &response);
    assert_int_equal(response.status, 206);
    assert_int_equal(response.body_bytes, 10);
    check_part(&response, 1000 + 399990);
    assert_string_equal(response_header(&response, "Access-Control-Allow-Origin"), "*");
    response_free(&response);
}

static void test_unsatisfiable_ranges_get_416(void **state)
{
    struct response response;
    (void)state;
    ask(&fixture, "GET /file HTTP/1.1\r\n" HOST "Range: bytes=1000000-\r\n\r\n", &response);
    assert_int_equal(response.status, 416);
    assert_string_equal(response_header(&response, "Content-Range"), "bytes */1000000");
    response_free(&response);
}

static void test_head_and_conditional_requests(void **state)
{
    static const struct {
        const char *request;
        int status;
        const char *length;
    } cases[] = {
        {"HEAD /file HTTP/1.1\r\n" HOST "\r\n", 200, "1000000"},
        {"HEAD /file HTTP/1.1\r\n" HOST "Range: bytes=0-9\r\n\r\n", 200, "1000000"},
        {"HEAD /json HTTP/1.1\r\n" HOST "\r\n", 200, "4000"},
        {"HEAD /nowhere HTTP/1.1\r\n" HOST "\r\n", 404, NULL},
        {"GET /file HTTP/1.1\r\n" HOST "If-None-Match: \"tag\"\r\n\r\n", 304, ""},
        {"GET /file HTTP/1.1\r\n" HOST "If-None-Match: \"x\", W/\"tag\"\r\n\r\n", 304, ""},
        {"GET /file HTTP/1.1\r\n" HOST "If-None-Match: \"x\"\r\nIf-None-Match: \"tag\"\r\n\r\n",
            304, ""},
        {"HEAD /file HTTP/1.1\r\n" HOST "If-None-Match: *\r\n\r\n", 304, ""},
        {"GET /file HTTP/1.1\r\n" HOST "If-None-Match: \"tag2\"\r\n\r\n", 200, "1000000"},
        {"GET /json HTTP/1.1\r\n" HOST "If-None-Match: \"json\"\r\n\r\n", 304, ""},
        {"GET /json HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\nIf-None-Match: W/\"json\"\r\n\r\n",
            304, ""},
        {"GET /lies HTTP/1.1\r\n" HOST "\r\n", 500, NULL},
        {"GET /forget HTTP/1.1\r\n" HOST "\r\n", 500, NULL},
    };
    struct response response;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("%s", cases[i].request);
        ask(&fixture, cases[i].request, &response);
        assert_int_equal(response.status, cases[i].status);
        if (cases[i].length)
            assert_string_equal(response_header(&response, "Content-Length"), cases[i].length);
        if (response.status == 304)
            assert_true(response_header(&response, "ETag")[0]);
        response_free(&response);
    }
}

static void test_text_is_compressed(void **state)
{
    struct response response;
    (void)state;
    ask(&fixture, "GET /json HTTP/1.1\r\n" HOST "Accept-Encoding: gzip, br\r\n\r\n", &response);
    assert_string_equal(response_header(&response, "Content-Encoding"), "gzip");
    assert_string_equal(response_header(&response, "Vary"), "Accept-Encoding");
    assert_string_equal(response_header(&response, "ETag"), "W/\"json\"");
    assert_true(response.body_bytes < 100);
    assert_memory_equal(response.body, "\x1f\x8b", 2);
    response_free(&response);
    ask(&fixture, "GET /json HTTP/1.1\r\n" HOST "Accept-Encoding: gzip;q=0\r\n\r\n", &response);
    assert_string_equal(response_header(&response, "Content-Encoding"), "");
    assert_string_equal(response_header(&response, "Vary"), "Accept-Encoding");
    assert_string_equal(response_header(&response, "ETag"), "\"json\"");
    assert_int_equal(response.body_bytes, 4000);
    response_free(&response);
}

static void test_methods_and_options(void **state)
{
    struct response response;
    (void)state;
    ask(&fixture, "DELETE /file HTTP/1.1\r\n" HOST "\r\n", &response);
    assert_int_equal(response.status, 405);
    assert_string_equal(response_header(&response, "Allow"), "GET, HEAD, OPTIONS");
    response_free(&response);
    ask(&fixture, "OPTIONS /echo HTTP/1.1\r\n" HOST "\r\n", &response);
    assert_int_equal(response.status, 204);
    assert_string_equal(response_header(&response, "Allow"), "POST, PUT, OPTIONS");
    assert_string_equal(response_header(&response, "Access-Control-Allow-Origin"), "");
    response_free(&response);
    ask(&fixture, "OPTIONS /v/1/a.m4s HTTP/1.1\r\n" HOST "Origin: http://o\r\n\r\n", &response);
    assert_int_equal(response.status, 204);
    assert_string_equal(response_header(&response, "Access-Control-Allow-Origin"), "*");
    assert_string_equal(
        response_header(&response, "Access-Control-Allow-Methods"), "GET, HEAD, OPTIONS");
    assert_non_null(strstr(response_header(&response, "Access-Control-Allow-Headers"), "Range"));
    response_free(&response);
    ask(&fixture, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", &response);
    assert_int_equal(response.status, 204);
    response_free(&response);
    ask(&fixture, "OPTIONS /nowhere HTTP/1.1\r\n" HOST "\r\n", &response);
    assert_int_equal(response.status, 404);
    response_free(&response);
}

static void test_route_arguments_and_guard(void **state)
{
    struct response response;
    (void)state;
    ask(&fixture, "GET /args/%E7%A8%BB/x/42 HTTP/1.1\r\n" HOST "\r\n", &response);
    assert_string_equal((char *)response.body, "稻 42 ");
    response_free(&response);
    ask(&fixture, "GET /args/a/x/99999999999999999999 HTTP/1.1\r\n" HOST "\r\n", &response);
    assert_string_equal((char *)response.body, "a -1 ");
    response_free(&response);
    ask(&fixture, "GET /closed HTTP/1.1\r\n" HOST "\r\n", &response);
    assert_int_equal(response.status, 401);
    assert_string_equal((char *)response.body,
        "{\"error\":{\"code\":\"login\",\"zh\":\"请登录\",\"en\":\"log in\"}}");
    response_free(&response);
    ask(&fixture, "GET /closed HTTP/1.1\r\n" HOST "Cookie: t=1; s=2\r\n\r\n", &response);
    assert_int_equal(response.status, 200);
    response_free(&response);
}

static void test_curl_agrees(void **state)
{
    static const struct {
        const char *command, *out;
    } cases[] = {
        {"curl -s http://127.0.0.1:$PORT/file | cmp - $FILE && echo same", "same\n"},
        {"head -c 300000 $FILE >$FILE.part; curl -s -C - -o $FILE.part "
         "http://127.0.0.1:$PORT/file; "
         "cmp $FILE $FILE.part && echo same; rm -f $FILE.part",
            "same\n"},
        {"curl -s --compressed http://127.0.0.1:$PORT/json | wc -c", "4000\n"},
        {"curl -s -T $FILE -X PATCH http://127.0.0.1:$PORT/upload | cut -d' ' -f1", "1000000\n"},
        {"curl -s -T - -X PATCH http://127.0.0.1:$PORT/upload <$FILE | cut -d' ' -f1", "1000000\n"},
        {"curl -s -o /dev/null -w '%{http_code}' -T $FILE http://127.0.0.1:$PORT/echo", "413"},
        {"curl -sI http://127.0.0.1:$PORT/file | head -c 15", "HTTP/1.1 200 OK"},
        {"curl -s \"http://127.0.0.1:$PORT/hello?name=[1-3]\"", "123"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *out = shell(&fixture, cases[i].command);
        print_message("%s\n", cases[i].command);
        assert_string_equal(out, cases[i].out);
        free(out);
    }
}

static void test_a_port_in_use_is_reported(void **state)
{
    struct http_server *second;
    char address[32], message[128];
    const struct http_server_params params = {.listen = address, .loops = 2};
    (void)state;
    snprintf(address, sizeof(address), "127.0.0.1:%d", fixture.port);
    assert_int_not_equal(http_server_open(&second, &params, message, sizeof(message)), 0);
    assert_null(second);
    assert_non_null(strstr(message, "is in use by another program"));
    snprintf(address, sizeof(address), "here");
    assert_int_not_equal(http_server_open(&second, &params, message, sizeof(message)), 0);
    assert_non_null(strstr(message, "ADDRESS:PORT"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_connection_serves_many_requests),
        cmocka_unit_test(test_http_1_0_closes),
        cmocka_unit_test(test_a_slow_turn_is_counted_once),
        cmocka_unit_test(test_server_headers_are_set),
        cmocka_unit_test(test_pipelined_requests_are_answered_in_order),
        cmocka_unit_test(test_a_pipelined_flood_is_bounded),
        cmocka_unit_test(test_single_ranges_are_served),
        cmocka_unit_test(test_several_ranges_are_multipart),
        cmocka_unit_test(test_ranges_span_extents),
        cmocka_unit_test(test_a_missing_extent_ends_the_connection),
        cmocka_unit_test(test_extents_are_released),
        cmocka_unit_test(test_part_of_a_file_is_served),
        cmocka_unit_test(test_unsatisfiable_ranges_get_416),
        cmocka_unit_test(test_head_and_conditional_requests),
        cmocka_unit_test(test_text_is_compressed),
        cmocka_unit_test(test_methods_and_options),
        cmocka_unit_test(test_route_arguments_and_guard),
        cmocka_unit_test(test_curl_agrees),
        cmocka_unit_test(test_a_port_in_use_is_reported),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
