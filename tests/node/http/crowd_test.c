/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which connections a full server ends so that others get in. Clients have addresses of their own in
 * the loopback network. */
#include <errno.h>
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
#define HELLO "GET /hello HTTP/1.1\r\n" HOST "\r\n"
#define UNFINISHED_BODY "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 50\r\n\r\n{"

enum { MANY = 40 };

static void open_small(struct fixture *fixture, int max_connections)
{
    const struct http_server_params params = {.loops = 1,
        .max_connections = max_connections,
        .pool_threads = 4,
        .crowded_timeout_ms = 100,
        .sample_interval_ms = 20};
    fixture_open(fixture, &params);
}

/* Opens a connection and says something on it, which may have no answer. */
static int open_and_say(const struct fixture *fixture, const char *address, const char *text)
{
    int fd = client_connect_from(fixture, address);
    client_say(fd, text);
    return fd;
}

static void get_hello(int fd)
{
    struct response response;
    client_say(fd, HELLO);
    client_read(fd, &response, false);
    assert_int_equal(response.status, 200);
    response_free(&response);
}

/* Whether the server has ended the connection without an answer. */
static bool was_ended(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

static int count_ended(const int *fds, int count)
{
    int ended = 0;
    for (int i = 0; i < count; i++)
        ended += was_ended(fds[i]);
    return ended;
}

static void close_all(const int *fds, int count)
{
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

/* One address holds nearly all connections and leaves each of them unfinished. A visitor began
 * before and is slow, but alone at its address. Newcomers get in at the cost of the former. */
static void test_the_address_with_most_useless_connections_loses_first(void **state)
{
    static const char *const unfinished[] = {"GET / HT", UNFINISHED_BODY};
    struct fixture fixture;
    (void)state;
    for (size_t kind = 0; kind < sizeof(unfinished) / sizeof(unfinished[0]); kind++) {
        int held[MANY], visitor, newcomer;
        open_small(&fixture, MANY + 1);
        visitor = open_and_say(&fixture, "127.0.0.3", "GET /hello HTTP/1.1\r\n");
        for (int i = 0; i < MANY; i++)
            held[i] = open_and_say(&fixture, "127.0.0.2", unfinished[kind]);
        newcomer = client_connect_from(&fixture, "127.0.0.4");
        get_hello(newcomer);
        assert_in_range(count_ended(held, MANY), 1, 4);
        assert_false(was_ended(visitor));
        client_say(visitor, HOST "\r\n");
        struct response response;
        client_read(visitor, &response, false);
        assert_int_equal(response.status, 200);
        response_free(&response);
        close_all(held, MANY);
        close(visitor);
        close(newcomer);
        fixture_close(&fixture, 0);
    }
}

/* Peers that say nothing stay in the kernel for a while, and take no connection from those who ask. */
static void test_silent_peers_take_no_connections(void **state)
{
    struct fixture fixture;
    int held[MANY];
    (void)state;
    open_small(&fixture, MANY);
    for (int i = 0; i < MANY; i++)
        held[i] = client_connect_from(&fixture, "127.0.0.2");
    int newcomer = client_connect_from(&fixture, "127.0.0.4");
    get_hello(newcomer);
    assert_int_equal(count_ended(held, MANY), 0);
    close_all(held, MANY);
    close(newcomer);
    fixture_close(&fixture, 0);
}

/* A silent reader asks for a large file and takes nothing of it. It is of no use after
 * crowded_timeout_ms, long before the usual limit. */
static void test_silent_readers_lose(void **state)
{
    struct fixture fixture;
    int held[MANY];
    (void)state;
    open_small(&fixture, MANY);
    for (int i = 0; i < MANY; i++) {
        held[i] = client_connect_from(&fixture, "127.0.0.2");
        setsockopt(held[i], SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int));
        client_say(held[i], "GET /file HTTP/1.1\r\n" HOST "\r\n");
    }
    int newcomer = client_connect_from(&fixture, "127.0.0.4");
    get_hello(newcomer);
    close_all(held, MANY);
    close(newcomer);
    fixture_close(&fixture, 0);
}

/* A village of MANY viewers behind one address, all in use, is the largest address. Ten others, who
 * hold a few idle connections each, lose theirs. */
static void test_connections_in_use_stay(void **state)
{
    enum { OTHERS = 20 };
    struct fixture fixture;
    struct response response;
    int village[MANY], others[OTHERS];
    (void)state;
    open_small(&fixture, MANY + OTHERS);
    for (int i = 0; i < MANY; i++)
        village[i] =
            open_and_say(&fixture, "127.0.0.2", "GET /v/deferred HTTP/1.1\r\n" HOST "\r\n");
    gate_await(&fixture.gate, 3); /* one of four threads is left to other work */
    for (int i = 0; i < OTHERS; i++) {
        char address[32];
        snprintf(address, sizeof(address), "127.0.1.%d", 1 + i / 2);
        others[i] = client_connect_from(&fixture, address);
        get_hello(others[i]);
    }
    for (int i = 0; i < OTHERS / 2; i++) {
        int newcomer = client_connect_from(&fixture, "127.0.0.4");
        get_hello(newcomer);
        close(newcomer);
    }
    assert_true(count_ended(others, OTHERS) > 0);
    gate_open(&fixture.gate, MANY);
    for (int i = 0; i < MANY; i++) {
        client_read(village[i], &response, false);
        assert_int_equal(response.status, 200);
        response_free(&response);
    }
    close_all(village, MANY);
    close_all(others, OTHERS);
    fixture_close(&fixture, 0);
}

static struct http_pace pace_freely(const struct http_flow *flow, void *ctx)
{
    (void)flow, (void)ctx;
    return (struct http_pace){0};
}

/* Idle connections that have carried media stay longer than those that have not. */
static void test_idle_viewers_stay_longer_than_other_idle_ones(void **state)
{
    struct fixture fixture;
    struct response response;
    int viewers[4], others[4];
    (void)state;
    const struct http_server_params params = {
        .loops = 1, .max_connections = 8, .pace = pace_freely, .sample_interval_ms = 20};
    fixture_open(&fixture, &params);
    for (int i = 0; i < 4; i++) {
        others[i] = client_connect_from(&fixture, "127.0.0.3");
        get_hello(others[i]);
    }
    for (int i = 0; i < 4; i++) {
        viewers[i] = open_and_say(&fixture, "127.0.0.2", "GET /v/1/2 HTTP/1.1\r\n" HOST "\r\n");
        client_read(viewers[i], &response, false);
        response_free(&response);
    }
    int newcomer = client_connect_from(&fixture, "127.0.0.4");
    get_hello(newcomer);
    assert_true(count_ended(others, 4) > 0);
    assert_int_equal(count_ended(viewers, 4), 0);
    close_all(viewers, 4);
    close_all(others, 4);
    close(newcomer);
    fixture_close(&fixture, 0);
}

/* Connects with a tiny receive buffer and asks for LARGE_BYTES, which stay with the server. */
static int ask_and_read_nothing(
    const struct fixture *fixture, const char *address, const char *path)
{
    char text[64];
    int fd = client_connect_from(fixture, address);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int));
    snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" HOST "\r\n", path);
    client_say(fd, text);
    return fd;
}

static void read_large(int fd)
{
    struct response response;
    client_read(fd, &response, false);
    assert_int_equal(response.status, 200);
    assert_int_equal(response.body_bytes, LARGE_BYTES);
    response_free(&response);
}

enum { OUTPUT_BYTES = 16 * LARGE_BYTES, MANY_OUTPUTS = 40 };

static void open_bounded(struct fixture *fixture)
{
    const struct http_server_params params = {.loops = 1, .max_output_bytes = OUTPUT_BYTES};
    fixture_open(fixture, &params);
}

/* Responses that nobody takes are bounded for each address. Another reader does not pay
 * for them. */
static void test_the_memory_of_one_address_is_bounded(void **state)
{
    struct fixture fixture;
    int greedy[MANY_OUTPUTS];
    (void)state;
    open_bounded(&fixture);
    int reader = open_and_say(&fixture, "127.0.0.3", "GET /copied HTTP/1.1\r\n" HOST "\r\n");
    for (int i = 0; i < MANY_OUTPUTS; i++)
        greedy[i] = ask_and_read_nothing(&fixture, "127.0.0.2", "/copied");
    /* A quarter is four responses, and what the kernel has taken of them. */
    await_closed(&fixture, MANY_OUTPUTS - 6);
    read_large(reader);
    close_all(greedy, MANY_OUTPUTS);
    close(reader);
    fixture_close(&fixture, 0);
}

/* Many addresses share the bound of all. The one that holds most loses first. */
static void test_the_memory_of_all_is_bounded(void **state)
{
    struct fixture fixture;
    int greedy[MANY_OUTPUTS];
    (void)state;
    open_bounded(&fixture);
    int reader = open_and_say(&fixture, "127.0.0.3", "GET /copied HTTP/1.1\r\n" HOST "\r\n");
    for (int i = 0; i < MANY_OUTPUTS; i++) {
        char address[32];
        snprintf(address, sizeof(address), "127.0.1.%d", 1 + i / 3);
        greedy[i] = ask_and_read_nothing(&fixture, address, "/copied");
    }
    await_closed(&fixture, 4);
    read_large(reader);
    close_all(greedy, MANY_OUTPUTS);
    close(reader);
    fixture_close(&fixture, 0);
}

/* A shared body takes no memory for those who don't read it, so all of them stay. */
static void test_shared_bodies_take_no_memory(void **state)
{
    struct fixture fixture;
    int readers[MANY_OUTPUTS];
    (void)state;
    open_bounded(&fixture);
    for (int i = 0; i < MANY_OUTPUTS; i++)
        readers[i] = open_and_say(&fixture, "127.0.0.2", "GET /shared HTTP/1.1\r\n" HOST "\r\n");
    for (int i = 0; i < MANY_OUTPUTS; i++)
        read_large(readers[i]);
    assert_int_equal(fixture.pieces_released, MANY_OUTPUTS);
    close_all(readers, MANY_OUTPUTS);
    fixture_close(&fixture, 0);
}

/* A small body has seconds, also if the server is not crowded. */
static void test_a_small_body_must_come_in_time(void **state)
{
    const struct http_server_params params = {
        .loops = 1, .body_timeout_ms = 100, .sample_interval_ms = 20};
    struct fixture fixture;
    struct response response;
    (void)state;
    fixture_open(&fixture, &params);
    int fd = open_and_say(&fixture, "127.0.0.1", UNFINISHED_BODY);
    client_read(fd, &response, false);
    assert_int_equal(response.status, 408);
    assert_true(client_at_end(fd));
    response_free(&response);
    close(fd);
    fixture_close(&fixture, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_address_with_most_useless_connections_loses_first),
        cmocka_unit_test(test_silent_peers_take_no_connections),
        cmocka_unit_test(test_silent_readers_lose),
        cmocka_unit_test(test_connections_in_use_stay),
        cmocka_unit_test(test_idle_viewers_stay_longer_than_other_idle_ones),
        cmocka_unit_test(test_the_memory_of_one_address_is_bounded),
        cmocka_unit_test(test_the_memory_of_all_is_bounded),
        cmocka_unit_test(test_shared_bodies_take_no_memory),
        cmocka_unit_test(test_a_small_body_must_come_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
