/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits, exact accounting, files that are cut short, stopping, and what the scheduler is told. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/node/http/http_fixture.h"

#define HOST "Host: h\r\n"

/* ---- limits ---- */

static int ask_deferred(const struct fixture *fixture, const char *path)
{
    struct response response;
    int fd = client_connect(fixture);
    char text[64];
    snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" HOST "\r\n", path);
    client_say(fd, text);
    /* Waits until the deferred request has begun, since this request is handled after it. */
    ask(fixture, "GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", &response);
    response_free(&response);
    return fd;
}

static void expect_status(int fd, int status, const char *retry_after)
{
    struct response response;
    client_read(fd, &response, false);
    assert_int_equal(response.status, status);
    assert_string_equal(response_header(&response, "Retry-After"), retry_after);
    response_free(&response);
    close(fd);
}

/* One task runs, and two wait, so the queue of this address is full for the API. Eight media requests
 * may wait, whatever else waits. */
static void test_a_long_queue_turns_requests_away(void **state)
{
    enum { API = 3, MEDIA = 8 };
    const struct http_server_params params = {.loops = 1, .pool_threads = 1, .max_waiting = 2};
    struct fixture fixture;
    int let_in[API + MEDIA];
    (void)state;
    fixture_open(&fixture, &params);
    for (int i = 0; i < API + MEDIA; i++) {
        let_in[i] = ask_deferred(&fixture, i < API ? "/api/defer" : "/v/deferred");
        if (i == 0)
            gate_await(&fixture.gate, 1);
        if (i >= API - 1)
            expect_status(ask_deferred(&fixture, "/api/defer"), 503, "2");
    }
    expect_status(ask_deferred(&fixture, "/v/deferred"), 503, "2");
    gate_open(&fixture.gate, API + MEDIA);
    for (int i = 0; i < API + MEDIA; i++)
        expect_status(let_in[i], 200, "");
    gate_open(&fixture.gate, 1);
    expect_status(ask_deferred(&fixture, "/api/defer"), 200, "");
    fixture_close(&fixture, 1000);
}

/* Both connections are in use, so a third waits until one of them is idle. */
static void test_connections_beyond_the_limit_wait(void **state)
{
    const struct http_server_params params = {
        .loops = 1, .max_connections = 2, .sample_interval_ms = 20};
    struct fixture fixture;
    struct response response;
    int in_use[2];
    (void)state;
    fixture_open(&fixture, &params);
    for (int i = 0; i < 2; i++) {
        in_use[i] = client_connect(&fixture);
        client_say(in_use[i], "GET /defer HTTP/1.1\r\n" HOST "\r\n");
        gate_await(&fixture.gate, i + 1);
    }
    struct pollfd third = {.fd = client_connect(&fixture), .events = POLLIN};
    client_say(third.fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(poll(&third, 1, 100), 0);
    gate_open(&fixture.gate, 2);
    client_read(third.fd, &response, false);
    assert_int_equal(response.status, 200);
    response_free(&response);
    for (int i = 0; i < 2; i++)
        close(in_use[i]);
    close(third.fd);
    fixture_close(&fixture, 0);
}

static void test_a_server_without_descriptors_recovers(void **state)
{
    const struct http_server_params params = {.loops = 1, .sample_interval_ms = 10};
    struct rlimit limit, low;
    struct fixture fixture;
    struct response response;
    int first, second, top;
    (void)state;
    fixture_open(&fixture, &params);
    first = client_connect(&fixture);
    client_say(first, "GET / HTTP/1.1\r\n" HOST "\r\n");
    client_read(first, &response, false);
    response_free(&response);
    /* The server pauses accepting now, so the client gets the one descriptor that the limit
     * leaves. */
    top = dup(first);
    close(top);
    getrlimit(RLIMIT_NOFILE, &limit);
    low = limit;
    low.rlim_cur = (rlim_t)top + 1;
    setrlimit(RLIMIT_NOFILE, &low);
    second = client_connect(&fixture);
    await_count(&fixture.logged, 1);
    setrlimit(RLIMIT_NOFILE, &limit);
    client_say(second, "GET / HTTP/1.1\r\n" HOST "\r\n");
    client_read(second, &response, false);
    assert_int_equal(response.status, 200);
    response_free(&response);
    close(second);
    close(first);
    fixture_close(&fixture, 0);
}

/* ---- accounting ---- */

static void test_every_byte_is_accounted_for(void **state)
{
    static const char *const requests[] = {
        "GET /file HTTP/1.1\r\n" HOST "Range: bytes=5-9\r\n\r\n",
        "GET /json HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc",
        "GET /nowhere HTTP/1.1\r\nUser-Agent: box\x80 1.0\r\n" HOST "\r\n",
    };
    struct fixture fixture;
    struct response response;
    uint64_t received = 0;
    (void)state;
    fixture_open(&fixture, NULL);
    int fd = client_connect(&fixture);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        client_say(fd, requests[i]);
        client_read(fd, &response, false);
        received += response.wire_bytes;
        response_free(&response);
    }
    close(fd);
    await_closed(&fixture, 1);
    assert_int_equal(fixture.sent_bytes, received);
    assert_int_equal(fixture.requests, 4);
    assert_string_equal(fixture.path, "/nowhere");
    assert_string_equal(fixture.user_agent, "box? 1.0");
    fixture_close(&fixture, 0);
}

/* Bytes that the kernel took count as sent, even if they were never delivered. So the sum is at
 * least what was read and at most the head and the file. */
static void test_a_cut_transfer_counts_what_the_kernel_took(void **state)
{
    struct fixture fixture;
    uint64_t received = 0;
    char block[10000];
    (void)state;
    fixture_open(&fixture, NULL);
    int fd = client_connect_narrow(&fixture);
    client_say(fd, "GET /file HTTP/1.1\r\n" HOST "\r\n");
    while (received < 20000)
        received += (uint64_t)recv(fd, block, sizeof(block), 0);
    close(fd);
    await_closed(&fixture, 1);
    assert_in_range(fixture.sent_bytes, received, FILE_BYTES + 1000);
    fixture_close(&fixture, 0);
}

/* curl reads each answer whole, on a connection of its own. The server must report as many bytes as
 * curl counted. */
static void test_totals_agree_with_curl(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture, NULL);
    char *out = shell(&fixture,
        "for path in file json hello nowhere v/1/2; do "
        "curl -s -o /dev/null -w '%{size_header} %{size_download} ' http://127.0.0.1:$PORT/$path; "
        "done | tr ' ' '\\n' | awk '{s += $1} END {print s}'");
    uint64_t received = strtoull(out, NULL, 10);
    free(out);
    await_closed(&fixture, 5);
    assert_int_equal(fixture.sent_bytes, received);
    assert_int_equal(fixture.requests, 5);
    fixture_close(&fixture, 0);
}

/* ---- files ---- */

static void test_a_file_that_is_cut_short_ends_the_connection(void **state)
{
    struct fixture fixture;
    size_t received = 0;
    static char block[1000000];
    ssize_t got;
    (void)state;
    fixture_open(&fixture, NULL);
    int fd = client_connect(&fixture);
    for (int i = 0; i < 40; i++)
        client_say(fd, "GET /file HTTP/1.1\r\n" HOST "\r\n");
    assert_true(recv(fd, block, 1, 0) == 1);
    assert_int_equal(truncate(fixture.file, 2000), 0);
    while ((got = recv(fd, block, sizeof(block), 0)) > 0)
        received += (size_t)got;
    assert_true(received < (size_t)40 * FILE_BYTES);
    await_closed(&fixture, 1);
    assert_true(atomic_load(&fixture.logged) >= 1);
    close(fd);
    fixture_close(&fixture, 0);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* The cache keeps one descriptor open for the file, whichever request asks for it. */
static void test_files_leak_no_descriptors(void **state)
{
    static const char *const requests[] = {
        "GET /file HTTP/1.1\r\n" HOST "\r\n",
        "HEAD /file HTTP/1.1\r\n" HOST "\r\n",
        "GET /file HTTP/1.1\r\n" HOST "If-None-Match: *\r\n\r\n",
        "GET /file HTTP/1.1\r\n" HOST "Range: bytes=2000000-\r\n\r\n",
        "GET /lies HTTP/1.1\r\n" HOST "\r\n",
    };
    struct fixture fixture;
    struct response response;
    int before, fd;
    (void)state;
    fixture_open(&fixture, NULL);
    fd = client_connect(&fixture);
    client_say(fd, requests[0]);
    client_read(fd, &response, false);
    response_free(&response);
    before = open_descriptors();
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        client_say(fd, requests[i]);
        client_read(fd, &response, i == 1);
        assert_true(response.status >= 200);
        response_free(&response);
    }
    assert_int_equal(open_descriptors(), before);
    close(fd);
    fixture_close(&fixture, 0);
}

/* ---- stopping ---- */

static void *close_in_background(void *arg)
{
    struct fixture *fixture = arg;
    http_server_close(&fixture->server, 60000);
    return NULL;
}

/* Idle connections and streams end at once. Requests that are running are finished, and their
 * answers say "Connection: close". */
static void test_a_graceful_stop_finishes_requests(void **state)
{
    struct fixture fixture;
    struct response response;
    pthread_t closer;
    int idle, deferred, stream;
    (void)state;
    fixture_open(&fixture, NULL);
    idle = client_connect(&fixture);
    client_say(idle, "GET / HTTP/1.1\r\n" HOST "\r\n");
    client_read(idle, &response, false);
    response_free(&response);
    deferred = client_connect(&fixture);
    client_say(deferred, "GET /defer HTTP/1.1\r\n" HOST "\r\n");
    gate_await(&fixture.gate, 1);
    stream = client_connect(&fixture);
    client_say(stream, "GET /events HTTP/1.1\r\n" HOST "\r\n");
    await_count(&fixture.ticks, 1);
    pthread_create(&closer, NULL, close_in_background, &fixture);
    assert_true(client_at_end(idle));
    client_read(stream, &response, false);
    assert_true(client_at_end(stream));
    response_free(&response);
    await_count(&fixture.stream_closes, 1);
    gate_open(&fixture.gate, 1);
    client_read(deferred, &response, false);
    assert_int_equal(response.status, 200);
    assert_string_equal(response_header(&response, "Connection"), "close");
    response_free(&response);
    pthread_join(closer, NULL);
    close(idle);
    close(deferred);
    close(stream);
    fixture_close(&fixture, 0);
}

/* Transfers, uploads, streams and deferred work are all in the middle. Each must end once, and
 * nothing may leak. */
static void test_a_hard_stop_ends_everything_once(void **state)
{
    static const char *const requests[] = {
        "GET /file HTTP/1.1\r\n" HOST "\r\nGET /file HTTP/1.1\r\n" HOST
        "\r\nGET /file HTTP/1.1\r\n" HOST "\r\nGET /file HTTP/1.1\r\n" HOST
        "\r\nGET /file HTTP/1.1\r\n" HOST "\r\n",
        "PATCH /slow-upload HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nabc",
        "PATCH /upload HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nabc",
        "GET /defer HTTP/1.1\r\n" HOST "\r\n",
        "GET /events HTTP/1.1\r\n" HOST "\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nabc",
        "GET / HT",
        "NONSENSE\r\n\r\n",
    };
    enum { KINDS = sizeof(requests) / sizeof(requests[0]), EACH = 5 };
    struct fixture fixture;
    pthread_t closer;
    int fds[KINDS * EACH];

    (void)state;
    fixture_open(&fixture, NULL);
    for (int i = 0; i < KINDS * EACH; i++) {
        fds[i] = client_connect_narrow(&fixture);
        client_say(fds[i], requests[i % KINDS]);
    }
    gate_await(&fixture.gate, 3);
    await_count(&fixture.ticks, 1);
    pthread_create(&closer, NULL, close_in_background, &fixture);
    gate_open(&fixture.gate, 1000000);
    /* Connections that wait for their peer are still open. They end when their peers leave. */
    for (int i = 0; i < KINDS * EACH; i += 2)
        close(fds[i]);
    for (int i = 1; i < KINDS * EACH; i += 2)
        close(fds[i]);
    pthread_join(closer, NULL);
    assert_int_equal(
        atomic_load(&fixture.streams_cut) + atomic_load(&fixture.streams_ended), 2 * EACH);
    fixture_close(&fixture, 0);
}

static void test_a_stop_without_grace_is_immediate(void **state)
{
    struct fixture fixture;
    int fds[20];
    (void)state;
    fixture_open(&fixture, NULL);
    for (int i = 0; i < 20; i++) {
        fds[i] = client_connect_narrow(&fixture);
        client_say(
            fds[i], i % 2 ? "GET /file HTTP/1.1\r\n" HOST "\r\nGET /file HTTP/1.1\r\n" HOST "\r\n"
                          : "PATCH /upload HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nabc");
    }
    await_count(&fixture.done_calls, 10);
    http_server_close(&fixture.server, 0);
    assert_int_equal(fixture.closed, 20);
    assert_int_equal(atomic_load(&fixture.streams_cut), 10);
    for (int i = 0; i < 20; i++)
        close(fds[i]);
    fixture_close(&fixture, 0);
}

/* ---- pace ---- */

struct flow_looks {
    atomic_int begun, paused; /* how often the scheduler looked during and after a response */
};

static struct http_pace count_looks(const struct http_flow *flow, void *ctx)
{
    struct flow_looks *looks = ctx;
    if (flow->cmcd)
        atomic_fetch_add(flow->sending ? &looks->begun : &looks->paused, 1);
    return (struct http_pace){.rate_bps = 1000000000};
}

/* A response that the kernel takes at once is over for the scheduler, while its connection stays
 * open. */
static void test_the_scheduler_learns_of_pauses(void **state)
{
    struct flow_looks looks = {0};
    const struct http_server_params params = {.pace = count_looks, .pace_ctx = &looks};
    struct fixture fixture;
    struct response response;
    (void)state;
    fixture_open(&fixture, &params);
    int fd = client_connect(&fixture);
    for (int i = 1; i <= 2; i++) {
        client_say(fd, "HEAD /v/7/clip.mp4 HTTP/1.1\r\n" HOST "\r\n");
        client_read(fd, &response, true);
        response_free(&response);
        await_count(&looks.paused, i);
        assert_int_equal(atomic_load(&looks.begun), i);
    }
    close(fd);
    fixture_close(&fixture, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_long_queue_turns_requests_away),
        cmocka_unit_test(test_connections_beyond_the_limit_wait),
        cmocka_unit_test(test_a_server_without_descriptors_recovers),
        cmocka_unit_test(test_the_scheduler_learns_of_pauses),
        cmocka_unit_test(test_every_byte_is_accounted_for),
        cmocka_unit_test(test_a_cut_transfer_counts_what_the_kernel_took),
        cmocka_unit_test(test_totals_agree_with_curl),
        cmocka_unit_test(test_a_file_that_is_cut_short_ends_the_connection),
        cmocka_unit_test(test_files_leak_no_descriptors),
        cmocka_unit_test(test_a_graceful_stop_finishes_requests),
        cmocka_unit_test(test_a_hard_stop_ends_everything_once),
        cmocka_unit_test(test_a_stop_without_grace_is_immediate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
