/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deadlines: slow heads, idle connections, peers without progress, and peers that must be left
 * alone. */
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

static void test_a_slow_head_times_out(void **state)
{
    const struct http_server_params params = {.header_timeout_ms = 50, .sample_interval_ms = 10};
    struct fixture fixture;
    struct response response;
    (void)state;
    fixture_open(&fixture, &params);
    int fd = client_connect(&fixture); /* sends nothing at all */
    assert_true(client_at_end(fd));
    close(fd);
    fd = client_connect(&fixture);
    client_say(fd, "GET / HTTP/1.1\r\n");
    client_read(fd, &response, false);
    assert_int_equal(response.status, 408);
    assert_string_equal(response_header(&response, "Connection"), "close");
    assert_true(client_at_end(fd));
    response_free(&response);
    close(fd);
    fixture_close(&fixture, 0);
}

/* A byte now and then does not extend the deadline. It counts from the first byte of the head. */
static void test_the_head_timeout_counts_from_its_first_byte(void **state)
{
    const struct http_server_params params = {.header_timeout_ms = 100, .sample_interval_ms = 10};
    struct fixture fixture;
    struct response response;
    (void)state;
    fixture_open(&fixture, &params);
    struct pollfd ready = (struct pollfd){.fd = client_connect(&fixture), .events = POLLIN};
    client_say(ready.fd, "GET / HTTP/1.1\r\nX: ");
    while (poll(&ready, 1, 10) == 0)
        client_say(ready.fd, "x");
    client_read(ready.fd, &response, false);
    assert_int_equal(response.status, 408);
    response_free(&response);
    close(ready.fd);
    fixture_close(&fixture, 0);
}

static void test_idle_connections_are_closed(void **state)
{
    const struct http_server_params params = {.idle_timeout_ms = 50, .sample_interval_ms = 10};
    struct fixture fixture;
    struct response response;
    (void)state;
    fixture_open(&fixture, &params);
    int fd = client_connect(&fixture);
    client_say(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
    client_read(fd, &response, false);
    assert_true(client_at_end(fd));
    response_free(&response);
    close(fd);
    fixture_close(&fixture, 0);
}

static void test_a_peer_without_progress_is_cut_off(void **state)
{
    static const char *const requests[] = {
        "GET /file HTTP/1.1\r\n" HOST "\r\nGET /file HTTP/1.1\r\n" HOST
        "\r\nGET /file HTTP/1.1\r\n" HOST "\r\nGET /file HTTP/1.1\r\n" HOST
        "\r\nGET /file HTTP/1.1\r\n" HOST "\r\n",
        "PATCH /upload HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\na",
        "POST /refuse HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nabc",
    };
    const struct http_server_params params = {.progress_window_ms = 100, .sample_interval_ms = 10};
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture, &params);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        int fd = client_connect_narrow(&fixture);
        client_say(fd, requests[i]);
        await_closed(&fixture, i + 1);
        close(fd);
    }
    assert_int_equal(atomic_load(&fixture.logged), 4);
    await_count(&fixture.streams_cut, 1);
    fixture_close(&fixture, 0);
}

/* A reset can arrive directly after a part of a message. It must be noticed at once, not when a
 * timeout ends. */
static void test_a_reset_behind_part_of_a_message_is_noticed(void **state)
{
    static const char *const parts[] = {
        "GET / HT",
        "PATCH /upload HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nabc",
        "POST /refuse HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nabc",
    };
    enum { PARTS = sizeof(parts) / sizeof(parts[0]), EACH = 20, HOUR_MS = 3600000 };
    const struct http_server_params params = {
        .header_timeout_ms = HOUR_MS, .progress_window_ms = HOUR_MS};
    const struct linger no_goodbye = {.l_onoff = 1};
    struct fixture fixture;

    (void)state;
    fixture_open(&fixture, &params);
    for (int i = 0; i < PARTS * EACH; i++) {
        int fd = client_connect(&fixture);
        client_say(fd, parts[i % PARTS]);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &no_goodbye, sizeof(no_goodbye));
        close(fd);
    }
    await_closed(&fixture, PARTS * EACH);
    fixture_close(&fixture, 0);
}

/* The head ends exactly where a read ends. Bytes after it must not reset the connection before the
 * answer is read (RFC 9112 section 9.6). */
static void test_bytes_behind_a_head_do_not_cost_the_answer(void **state)
{
    static const char begin[] =
        "GET /file HTTP/1.1\r\n" HOST "Connection: close\r\nRange: bytes=0-59999\r\nX: ";
    enum { READ_BYTES = 4096 - 64 };
    char request[READ_BYTES + 3];
    struct fixture fixture;
    struct response response;

    (void)state;
    memset(request, 'y', sizeof(request));
    memcpy(request, begin, sizeof(begin) - 1);
    memcpy(request + READ_BYTES - 4, "\r\n\r\n\r\n", 7);
    fixture_open(&fixture, NULL);
    int fd = client_connect_narrow(&fixture);
    client_say(fd, request);
    await_requests(&fixture, 1);
    client_read(fd, &response, false);
    assert_int_equal(response.status, 206);
    assert_int_equal(response.body_bytes, 60000);
    response_free(&response);
    close(fd);
    fixture_close(&fixture, 0);
}

/* A peer that waits for the server has no deadline: while a handler works, or while a stream has
 * nothing to send. */
static void test_peers_that_wait_for_the_server_are_left_alone(void **state)
{
    const struct http_server_params params = {.progress_window_ms = 20,
        .sample_interval_ms = 5,
        .header_timeout_ms = 20,
        .idle_timeout_ms = 20};
    struct fixture fixture;
    struct response response;
    int deferred, stream, upload;
    char byte;
    (void)state;
    fixture_open(&fixture, &params);
    deferred = client_connect(&fixture);
    client_say(deferred, "GET /defer HTTP/1.1\r\n" HOST "\r\n");
    upload = client_connect(&fixture);
    client_say(upload, "PATCH /slow-upload HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na");
    gate_await(&fixture.gate, 2);
    stream = client_connect(&fixture);
    client_say(stream, "GET /events HTTP/1.1\r\n" HOST "\r\n");
    /* These bytes take dozens of ticks, which last much longer than the timeout. */
    for (int i = 0; i < 600; i++)
        assert_int_equal(recv(stream, &byte, 1, 0), 1);
    client_say(upload, "bc");
    gate_open(&fixture.gate, 1000);
    client_read(deferred, &response, false);
    assert_int_equal(response.status, 200);
    response_free(&response);
    client_read(upload, &response, false);
    assert_int_equal(response.status, 200);
    response_free(&response);
    assert_int_equal(atomic_load(&fixture.logged), 0);
    close(deferred);
    close(stream);
    close(upload);
    fixture_close(&fixture, 0);
}

/* The kernel took the whole answer at once. A slow peer that is still reading it is not idle. */
static void test_slow_reader_is_not_idle(void **state)
{
    const struct http_server_params params = {.idle_timeout_ms = 1000, .sample_interval_ms = 10};
    struct fixture fixture;
    struct response response;
    size_t received = 0;
    char block[500];
    (void)state;
    fixture_open(&fixture, &params);
    int fd = client_connect_narrow(&fixture);
    client_say(fd, "GET /file HTTP/1.1\r\n" HOST "Range: bytes=0-199999\r\n\r\n");
    client_read(fd, &response, true);
    response_free(&response);
    while (received < 200000) {
        size_t left = 200000 - received;
        ssize_t got = recv(fd, block, left < sizeof(block) ? left : sizeof(block), 0);
        assert_true(got > 0);
        received += (size_t)got;
        poll(NULL, 0, 10); /* the peer's pace; 4 s in all */
    }
    client_say(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    client_read(fd, &response, false);
    assert_int_equal(response.status, 200);
    response_free(&response);
    close(fd);
    fixture_close(&fixture, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_slow_head_times_out),
        cmocka_unit_test(test_the_head_timeout_counts_from_its_first_byte),
        cmocka_unit_test(test_idle_connections_are_closed),
        cmocka_unit_test(test_a_peer_without_progress_is_cut_off),
        cmocka_unit_test(test_a_reset_behind_part_of_a_message_is_noticed),
        cmocka_unit_test(test_bytes_behind_a_head_do_not_cost_the_answer),
        cmocka_unit_test(test_peers_that_wait_for_the_server_are_left_alone),
        cmocka_unit_test(test_slow_reader_is_not_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
