/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Malformed and borderline requests over raw sockets, with the status that each must get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/node/http/http_fixture.h"

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

#define H "Host: h\r\n"

struct raw_case {
    const char *request;
    int status;  /* 0: closed without an answer */
    bool closes; /* the connection ends after the answer */
};

static const struct raw_case line_cases[] = {
    {"GET / HTTP/1.1\r\n" H "\r\n", 200, false},
    {"\r\nGET / HTTP/1.1\r\n" H "\r\n", 200, false},
    {"\r\n\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET / HTTP/1.1\n" H "\r\n", 400, true},
    {"GET / HTTP/1.1\r\nHost: h\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" H "\n", 400, true},
    {"GET / HTTP/1.1\rHost: h\r\n\r\n", 400, true},
    {"GET  / HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET /  HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET / HTTP/1.1 \r\n" H "\r\n", 400, true},
    {" GET / HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET\t/ HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET /a b HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET / \r\n" H "\r\n", 400, true},
    {"GET /\r\n\r\n", 400, true},
    {"GET\r\n\r\n", 400, true},
    {"GET / http/1.1\r\n" H "\r\n", 400, true},
    {"GET / HTTP/11\r\n" H "\r\n", 400, true},
    {"GET / HTTP/1.1x\r\n" H "\r\n", 400, true},
    {"GET / HTTP/1.2\r\n" H "\r\n", 505, true},
    {"GET / HTTP/2.0\r\n" H "\r\n", 505, true},
    {"GET / HTTP/0.9\r\n" H "\r\n", 505, true},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, true},
    {"get / HTTP/1.1\r\n" H "\r\n", 501, true},
    {"BREW / HTTP/1.1\r\n" H "\r\n", 501, true},
    {"TRACE / HTTP/1.1\r\n" H "\r\n", 501, true},
    {"CONNECT h:80 HTTP/1.1\r\n" H "\r\n", 501, true},
    {"G@T / HTTP/1.1\r\n" H "\r\n", 400, true},
    {"\x16\x03\x01", 400, true},
    {"GET * HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET hello HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET /../etc/passwd HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET /a/%2e%2e/%2e%2e/x HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET /%00 HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET /%g0 HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET /%0d%0aX HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET /%ff HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET /\xff HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET /a#b HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET /./hello/../hello HTTP/1.1\r\n" H "\r\n", 200, false},
    {"GET //hello HTTP/1.1\r\n" H "\r\n", 200, false},
    {"GET http://h/hello HTTP/1.1\r\n" H "\r\n", 200, false},
    {"GET http:///hello HTTP/1.1\r\n" H "\r\n", 400, true},
    {"GET ftp://h/hello HTTP/1.1\r\n" H "\r\n", 400, true},
};

static const struct raw_case field_cases[] = {
    {"GET / HTTP/1.1\r\n\r\n", 400, true},
    {"GET / HTTP/1.0\r\n\r\n", 200, true},
    {"GET / HTTP/1.1\r\n" H H "\r\n", 400, true},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\nHost: user@h\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200, false},
    {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" H "A: b\r\n\tc\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" H "NoColon\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" H ": empty\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" H "A B: c\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" H "A\xe4: c\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" H "A: \x01\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" H "A: b\x7f\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" H "A: b\rc\r\n\r\n", 400, true},
    {"GET / HTTP/1.1\r\n" H "A: \xe7\xa8\xbb\r\n\r\n", 200, false},
    {"GET / HTTP/1.1\r\n" H "A:\r\n\r\n", 200, false},
    {"GET / HTTP/1.1\r\n" H "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n", 200, false},
    {"GET / HTTP/1.1\r\n" H
     "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n\r\n",
        200, false},
    {"GET / HTTP/1.1\r\n" H "Expect: 100-continue\r\n\r\n", 200, false},
    {"POST /echo HTTP/1.1\r\n" H "Expect: tea\r\nContent-Length: 0\r\n\r\n", 417, true},
    {"GET /closed HTTP/1.1\r\n" H "Cookie: ;;;=;s\r\n\r\n", 401, false},
};

static const struct raw_case framing_cases[] = {
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nab", 200, false},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", 200, false},
    {"POST /echo HTTP/1.1\r\n" H "\r\n", 200, false},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 2\r\nContent-Length: 3\r\n\r\nab", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 2, 2\r\n\r\nab", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: +2\r\n\r\nab", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 0x2\r\n\r\nab", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 2 3\r\n\r\nab", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 922337203685477580\r\n\r\n", 413, true},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 100001\r\n\r\n", 413, false},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, false},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 200,
        false},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        400, true},
    {"POST /echo HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, true},
    {"POST /echo HTTP/1.1\r\n" H
     "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, true},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, true},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding:\x0b"
     "chunked\r\n\r\n0\r\n\r\n",
        400, true},
    {"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nx\r\n", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", 400,
        true},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n2\nab\n0\n\n", 400, true},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 400,
        true},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX: y\r\n\r\n",
        400, true},
    {"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1;a=b\r\na\r\n0\r\n\r\n", 200,
        false},
    {"PATCH /upload HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n2\r\nabX", 400, true},
    {"GET /hello HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", 200, false},
    {"GET /hello HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200,
        false},
    {"GET /hello HTTP/1.1\r\n" H "Content-Length: 300000\r\n\r\n", 200, true},
    {"DELETE /hello HTTP/1.1\r\n" H "\r\n", 405, false},
    {"GET /nothing HTTP/1.1\r\n" H "\r\n", 404, false},
};

/* After a request that leaves the connection open, the next request on it must get its own
 * answer. */
static void check_next(int fd, const char *request)
{
    struct response response;
    client_say(fd, "GET /hello?name=next HTTP/1.1\r\nHost: h\r\n\r\n");
    client_read(fd, &response, false);
    if (response.status != 200 || strcmp((char *)response.body, "next") != 0)
        fail_msg("out of step (%d %s) after:\n%s", response.status, response.body, request);
    response_free(&response);
}

static void check_case(const struct raw_case *raw)
{
    int fd = client_connect(&fixture);
    struct response response;
    client_say(fd, raw->request);
    client_read(fd, &response, false);
    if (response.status != raw->status)
        fail_msg("%d, not %d, for:\n%s", response.status, raw->status, raw->request);
    if (strcmp(response_header(&response, "Connection"), raw->closes ? "close" : "") != 0)
        fail_msg(
            "Connection: %s after:\n%s", response_header(&response, "Connection"), raw->request);
    if (raw->status == 413 && !raw->closes) {
        char body[100001];
        memset(body, 'x', sizeof(body));
        client_send(fd, body, sizeof(body));
    }
    if (!raw->closes)
        check_next(fd, raw->request);
    else if (!client_at_end(fd))
        fail_msg("the connection goes on after:\n%s", raw->request);
    response_free(&response);
    close(fd);
}

static void test_malformed_request_lines_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(line_cases) / sizeof(line_cases[0]); i++)
        check_case(&line_cases[i]);
}

static void test_malformed_fields_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(field_cases) / sizeof(field_cases[0]); i++)
        check_case(&field_cases[i]);
}

static void test_ambiguous_framing_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(framing_cases) / sizeof(framing_cases[0]); i++)
        check_case(&framing_cases[i]);
}

/* The requests of these tables, sent byte by byte, must get the answers that the tables state. */
static void test_single_bytes_get_the_same_answers(void **state)
{
    static const struct raw_case *const tables[] = {line_cases, field_cases};
    static const size_t counts[] = {
        sizeof(line_cases) / sizeof(line_cases[0]), sizeof(field_cases) / sizeof(field_cases[0])};
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 0; i < counts[t]; i++) {
            int fd = client_connect(&fixture);
            struct response response;
            for (const char *at = tables[t][i].request; *at; at++)
                client_send(fd, at, 1);
            client_read(fd, &response, false);
            if (response.status != tables[t][i].status)
                fail_msg("%d, not %d, for:\n%s", response.status, tables[t][i].status,
                    tables[t][i].request);
            response_free(&response);
            close(fd);
        }
    }
}

/* Sends a request line of line_bytes, "GET /hello?aaa... HTTP/1.1", the header Host, and count
 * further headers of field_bytes each. */
static void check_size(size_t line_bytes, size_t count, size_t field_bytes, int status)
{
    char *request = malloc(line_bytes + 64 + count * (field_bytes + 2) + 4), *at = request;
    struct response response;
    int fd = client_connect(&fixture);
    at += sprintf(at, "GET /hello?");
    memset(at, 'a', line_bytes - 20);
    at += line_bytes - 20;
    at += sprintf(at, " HTTP/1.1\r\nHost: h\r\n");
    for (size_t i = 0; i < count; i++) {
        memset(at, 'b', field_bytes);
        at[1] = ':';
        at += field_bytes;
        at += sprintf(at, "\r\n");
    }
    at += sprintf(at, "\r\n");
    client_send(fd, request, (size_t)(at - request));
    client_read(fd, &response, false);
    print_message("%zu + %zu x %zu\n", line_bytes, count, field_bytes);
    assert_int_equal(response.status, status);
    response_free(&response);
    free(request);
    close(fd);
}

static void test_sizes_are_limited(void **state)
{
    (void)state;
    check_size(8192, 0, 0, 200);
    check_size(8193, 0, 0, 414);
    check_size(100000, 0, 0, 414);
    check_size(100, 99, 10, 200);
    check_size(100, 101, 10, 431);
    check_size(100, 10000, 10, 431);
    check_size(100, 1, 24000, 200);
    check_size(100, 1, 25000, 431);
    check_size(100, 1, 1000000, 431);
    check_size(8192, 60, 250, 200);
    check_size(8192, 70, 250, 431);
}

/* The limits also hold for lines that never end. */
static void test_endless_lines_are_refused(void **state)
{
    char block[20000];
    struct response response;
    int fd = client_connect(&fixture);
    (void)state;
    memset(block, 'x', sizeof(block));
    client_send(fd, block, sizeof(block));
    client_read(fd, &response, false);
    assert_int_equal(response.status, 414);
    response_free(&response);
    close(fd);
}

/* A request that was sent before the peer closed its sending side is answered. */
static void test_a_half_closed_peer_is_answered(void **state)
{
    static const char *const requests[] = {
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "NONSENSE\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
        "GET /file HTTP/1.1\r\nHost: h\r\n\r\n",
    };
    static const int statuses[] = {200, 400, 200, 200};
    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        int fd = client_connect(&fixture);
        struct response response;
        client_say(fd, requests[i]);
        shutdown(fd, SHUT_WR);
        client_read(fd, &response, false);
        assert_int_equal(response.status, statuses[i]);
        if (i == 3)
            assert_int_equal(response.body_bytes, FILE_BYTES);
        assert_true(client_at_end(fd));
        response_free(&response);
        close(fd);
    }
}

static void test_peers_that_leave_early_do_no_harm(void **state)
{
    static const char *const beginnings[] = {
        "",
        "G",
        "GET / HTTP/1.1\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "PATCH /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        int fd = client_connect(&fixture);
        client_say(fd, beginnings[i]);
        shutdown(fd, SHUT_WR);
        assert_true(client_at_end(fd));
        close(fd);
    }
    await_count(&fixture.streams_cut, 2); /* this one, and the malformed one in the table */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_malformed_request_lines_are_refused),
        cmocka_unit_test(test_malformed_fields_are_refused),
        cmocka_unit_test(test_ambiguous_framing_is_refused),
        cmocka_unit_test(test_single_bytes_get_the_same_answers),
        cmocka_unit_test(test_sizes_are_limited),
        cmocka_unit_test(test_endless_lines_are_refused),
        cmocka_unit_test(test_a_half_closed_peer_is_answered),
        cmocka_unit_test(test_peers_that_leave_early_do_no_harm),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
