/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request bodies with back pressure, deferred work, and streams. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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

static int open_one(void **state)
{
    (void)state;
    fixture_open(&fixture, NULL);
    return 0;
}

static int close_one(void **state)
{
    (void)state;
    fixture_close(&fixture, 5000);
    return 0;
}

static void test_expect_100_continue(void **state)
{
    int fd = client_connect(&fixture);
    struct response response;
    (void)state;
    client_say(
        fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    client_read(fd, &response, false);
    assert_int_equal(response.status, 100);
    response_free(&response);
    client_say(fd, "abc");
    client_read(fd, &response, false);
    assert_string_equal((char *)response.body, "abc");
    response_free(&response);
    /* The server refuses the body at once. The connection cannot be used for another request then. */
    client_say(
        fd, "POST /refuse HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    client_read(fd, &response, false);
    assert_int_equal(response.status, 403);
    assert_string_equal(response_header(&response, "Connection"), "close");
    response_free(&response);
    close(fd);
}

static void test_a_body_over_the_limit_gets_413(void **state)
{
    int fd = client_connect(&fixture);
    struct response response;
    char chunk[10000];
    (void)state;
    client_say(fd, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    memset(chunk, 'x', sizeof(chunk));
    for (int i = 0; i < 10; i++) {
        client_say(fd, "2710\r\n");
        client_send(fd, chunk, sizeof(chunk));
        client_say(fd, "\r\n");
    }
    client_say(fd, "1\r\nx\r\n");
    client_read(fd, &response, false);
    assert_int_equal(response.status, 413);
    response_free(&response);
    client_say(fd, "0\r\n\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n");
    client_read(fd, &response, false);
    assert_int_equal(response.status, 200);
    response_free(&response);
    close(fd);
}

static void test_a_streamed_body_arrives_whole(void **state)
{
    enum { BYTES = 3000000 };
    char *data = malloc(BYTES), expected[64];
    uint64_t sum = 0;
    struct response response;
    int fd = client_connect(&fixture);

    (void)state;
    for (size_t i = 0; i < BYTES; i++)
        sum += file_byte(i), data[i] = (char)file_byte(i);
    client_say(fd, "PATCH /upload HTTP/1.1\r\n" HOST "Content-Length: 3000000\r\n\r\n");
    client_send(fd, data, BYTES);
    client_read(fd, &response, false);
    snprintf(expected, sizeof(expected), "%d %llu", BYTES, (unsigned long long)sum);
    assert_string_equal((char *)response.body, expected);
    assert_int_equal(atomic_load(&fixture.streams_ended), 1);
    response_free(&response);
    free(data);
    close(fd);
}

/* Sends until the socket accepts no more. The server has stopped reading then. */
static size_t send_until_stuck(int fd)
{
    static char block[65536];
    size_t sent = 0;
    ssize_t error;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    do {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        error = send(fd, block, sizeof(block), MSG_NOSIGNAL);
        sent += error > 0 ? (size_t)error : 0;
        if (error < 0 && poll(&ready, 1, 300) > 0)
            error = 1;
    } while (error > 0 && sent < 100000000);
    fcntl(fd, F_SETFL, 0);
    return sent;
}

/* While the handler works on a block, the server reads at most one more block. The kernel's buffers
 * hold the rest. */
static void test_a_slow_handler_slows_the_sender(void **state)
{
    int fd = client_connect(&fixture);
    (void)state;
    client_say(fd, "PATCH /slow-upload HTTP/1.1\r\n" HOST "Content-Length: 200000000\r\n\r\n");
    client_say(fd, "x");
    gate_await(&fixture.gate, 1);
    assert_true(send_until_stuck(fd) < 50000000);
    assert_int_equal(atomic_load(&fixture.done_calls), 0);
    gate_open(&fixture.gate, 1);
    gate_await(&fixture.gate, 1);
    await_count(&fixture.done_calls, 1);
    /* The peer leaves while a block is being written. The handler is told after the block. */
    close(fd);
    assert_int_equal(atomic_load(&fixture.streams_cut), 0);
    gate_open(&fixture.gate, 100000);
    await_count(&fixture.streams_cut, 1);
    assert_int_equal(atomic_load(&fixture.streams_ended), 0);
}

static void test_a_handler_may_answer_before_the_end(void **state)
{
    int fd = client_connect(&fixture);
    struct response response;
    (void)state;
    client_say(fd, "PATCH /full HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\n0123456789");
    client_read(fd, &response, false);
    assert_int_equal(response.status, 507);
    await_count(&fixture.streams_cut, 1);
    response_free(&response);
    for (int i = 0; i < 9; i++)
        client_say(fd, "0123456789");
    client_say(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    client_read(fd, &response, false);
    assert_int_equal(response.status, 200);
    response_free(&response);
    close(fd);
}

/* The peer is still sending a body that the server has refused. It must get the answer. */
static void test_an_answer_reaches_a_peer_that_is_still_sending(void **state)
{
    int fd = client_connect(&fixture);
    struct response response;
    char block[65536] = "";
    (void)state;
    client_say(fd, "PATCH /full HTTP/1.1\r\n" HOST "Content-Length: 1000000000\r\n\r\n");
    for (int i = 0; i < 16; i++)
        client_send(fd, block, sizeof(block));
    client_read(fd, &response, false);
    assert_int_equal(response.status, 507);
    assert_string_equal(response_header(&response, "Connection"), "close");
    response_free(&response);
    close(fd);
}

static void test_deferred_work_runs_on_the_pool(void **state)
{
    int fds[10];
    struct response response;
    (void)state;
    for (int i = 0; i < 10; i++) {
        fds[i] = client_connect(&fixture);
        client_say(fds[i], "POST /defer HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
    }
    gate_await(&fixture.gate, 3); /* of four threads, one is left to media */
    gate_open(&fixture.gate, 10);
    for (int i = 0; i < 10; i++) {
        client_read(fds[i], &response, false);
        assert_string_equal((char *)response.body, "here");
        response_free(&response);
        close(fds[i]);
    }
    assert_int_equal(atomic_load(&fixture.done_calls), 10);
}

static void reset_and_close(int fd)
{
    const struct linger at_once = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd);
}

static void test_deferred_work_ends_after_the_peer_left(void **state)
{
    int fd = client_connect(&fixture);
    (void)state;
    client_say(fd, "GET /defer HTTP/1.1\r\n" HOST "\r\n");
    gate_await(&fixture.gate, 1);
    reset_and_close(fd);
    await_closed(&fixture, 1);
    assert_int_equal(atomic_load(&fixture.done_calls), 0);
    gate_open(&fixture.gate, 1);
    await_count(&fixture.done_calls, 1);
}

static void test_server_sent_events_arrive(void **state)
{
    int fd = client_connect(&fixture);
    char text[1024] = "";
    size_t used = 0;
    (void)state;
    client_say(fd, "GET /events HTTP/1.1\r\n" HOST "\r\n");
    while (!strstr(text, "data: 3\n\n")) {
        ssize_t got = recv(fd, text + used, sizeof(text) - 1 - used, 0);
        assert_true(got > 0);
        used += (size_t)got;
        text[used] = '\0';
    }
    assert_non_null(strstr(text, "Transfer-Encoding: chunked"));
    assert_non_null(strstr(text, "\r\n\r\n7\r\nhello\n\n\r\n9\r\ndata: 0\n\n\r\n"));
    assert_int_equal(atomic_load(&fixture.stream_closes), 0);
    close(fd);
    await_count(&fixture.stream_closes, 1);
}

/* When its handler ends a stream, the chunked body is complete, and the connection stays open. */
static void test_a_stream_may_end_and_the_connection_continue(void **state)
{
    int fd = client_connect(&fixture);
    struct response response;
    (void)state;
    client_say(fd, "HEAD /events HTTP/1.1\r\n" HOST "\r\n");
    client_read(fd, &response, true);
    assert_int_equal(response.status, 200);
    response_free(&response);
    await_count(&fixture.stream_closes, 1);
    atomic_store(&fixture.ticks, 0);
    client_say(fd, "GET /events?3 HTTP/1.1\r\n" HOST "\r\n");
    client_read(fd, &response, false);
    assert_string_equal((char *)response.body, "hello\n\ndata: 0\n\ndata: 1\n\ndata: 2\n\n");
    response_free(&response);
    client_say(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    client_read(fd, &response, false);
    assert_int_equal(response.status, 200);
    response_free(&response);
    close(fd);
    assert_int_equal(atomic_load(&fixture.stream_closes), 2);
}

static void test_http_1_0_streams_end_with_the_connection(void **state)
{
    (void)state;
    char *out = shell(&fixture, "curl -s0 -m 20 \"http://127.0.0.1:$PORT/events?3\" | tr '\\n' .");
    assert_string_equal(out, "hello..data: 0..data: 1..data: 2..");
    free(out);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_one, close_one)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_expect_100_continue),
        TEST(test_a_body_over_the_limit_gets_413),
        TEST(test_a_streamed_body_arrives_whole),
        TEST(test_a_slow_handler_slows_the_sender),
        TEST(test_a_handler_may_answer_before_the_end),
        TEST(test_an_answer_reaches_a_peer_that_is_still_sending),
        TEST(test_deferred_work_runs_on_the_pool),
        TEST(test_deferred_work_ends_after_the_peer_left),
        TEST(test_server_sent_events_arrive),
        TEST(test_a_stream_may_end_and_the_connection_continue),
        TEST(test_http_1_0_streams_end_with_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
