/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deadlines, limits, exact accounting, files cut short, stopping. */
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

/* ---- deadlines ---- */

static void test_a_slow_head_times_out(void **state)
{
    const struct http_server_params params = {.header_timeout_ms = 50, .sample_interval_ms = 10};
    struct fixture fixture;
    struct response response;
    (void)state;
    fixture_open(&fixture, &params);
    int fd = client_connect(&fixture); /* says nothing at all */
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

/* A drop now and then doesn't help: the head's deadline counts from its first byte. */
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

/* Tiny buffers on both sides, so that little counts as progress without being read. */
static int connect_narrow(const struct fixture *fixture)
{
    int fd = client_connect(fixture), small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    return fd;
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
        int fd = connect_narrow(&fixture);
        client_say(fd, requests[i]);
        await_closed(&fixture, i + 1);
        close(fd);
    }
    assert_int_equal(atomic_load(&fixture.logged), 4);
    await_count(&fixture.streams_cut, 1);
    fixture_close(&fixture, 0);
}

/* A reset that comes with a part of a message shows behind it, not once all patience is over. */
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

/* A head that ends where a read does: what lies behind it must not cost the answer (RFC 9112
 * section 9.6). */
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
    int fd = connect_narrow(&fixture);
    client_say(fd, request);
    await_requests(&fixture, 1);
    client_read(fd, &response, false);
    assert_int_equal(response.status, 206);
    assert_int_equal(response.body_bytes, 60000);
    response_free(&response);
    close(fd);
    fixture_close(&fixture, 0);
}

/* Whoever waits for us is left alone: handlers at work, streams without news. */
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
    /* Its 40 ticks are many windows long. */
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

/* The kernel took the answer at once; a slow peer that still reads it is not idle. */
static void test_slow_reader_is_not_idle(void **state)
{
    const struct http_server_params params = {.idle_timeout_ms = 1000, .sample_interval_ms = 10};
    struct fixture fixture;
    struct response response;
    size_t received = 0;
    char block[500];
    (void)state;
    fixture_open(&fixture, &params);
    int fd = connect_narrow(&fixture);
    client_say(fd, "GET /file HTTP/1.1\r\n" HOST "Range: bytes=0-199999\r\n\r\n");
    client_read(fd, &response, true);
    response_free(&response);
    while (received < 200000) {
        size_t left = 200000 - received;
        ssize_t got = recv(fd, block, left < sizeof(block) ? left : sizeof(block), 0);
        assert_true(got > 0);
        received += (size_t)got;
        poll(NULL, 0, 10); /* its pace: 4 s in all */
    }
    client_say(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    client_read(fd, &response, false);
    assert_int_equal(response.status, 200);
    response_free(&response);
    close(fd);
    fixture_close(&fixture, 0);
}

/* ---- limits ---- */

static int ask_deferred(const struct fixture *fixture, const char *path)
{
    struct response response;
    int fd = client_connect(fixture);
    char text[64];
    snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" HOST "\r\n", path);
    client_say(fd, text);
    /* What this one asks for comes after the other's turn. */
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

/* One piece of work is under way, and two wait: the API is full. Media are let in up to eight. */
static void test_a_long_queue_turns_requests_away(void **state)
{
    const struct http_server_params params = {.loops = 1, .pool_threads = 1, .max_waiting = 2};
    struct fixture fixture;
    int let_in[9];
    (void)state;
    fixture_open(&fixture, &params);
    for (int i = 0; i < 9; i++) {
        let_in[i] = ask_deferred(&fixture, i < 3 ? "/api/defer" : "/v/deferred");
        if (i == 0)
            gate_await(&fixture.gate, 1);
        if (i >= 2)
            expect_status(ask_deferred(&fixture, "/api/defer"), 503, "2");
    }
    expect_status(ask_deferred(&fixture, "/v/deferred"), 503, "2");
    gate_open(&fixture.gate, 9);
    for (int i = 0; i < 9; i++)
        expect_status(let_in[i], 200, "");
    gate_open(&fixture.gate, 1);
    expect_status(ask_deferred(&fixture, "/api/defer"), 200, "");
    fixture_close(&fixture, 1000);
}

static void test_connections_beyond_the_limit_wait(void **state)
{
    const struct http_server_params params = {.loops = 1, .max_connections = 2};
    struct fixture fixture;
    struct response response;
    int first, second;
    (void)state;
    fixture_open(&fixture, &params);
    first = client_connect(&fixture);
    second = client_connect(&fixture);
    client_say(first, "GET / HTTP/1.1\r\n" HOST "\r\n");
    client_read(first, &response, false);
    response_free(&response);
    client_say(second, "GET / HTTP/1.1\r\n" HOST "\r\n");
    client_read(second, &response, false);
    response_free(&response);
    struct pollfd third = (struct pollfd){.fd = client_connect(&fixture), .events = POLLIN};
    client_say(third.fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(poll(&third, 1, 100), 0);
    close(first);
    client_read(third.fd, &response, false);
    assert_int_equal(response.status, 200);
    response_free(&response);
    close(second);
    close(third.fd);
    fixture_close(&fixture, 0);
}

/* The usual patience is long; who keeps others out gets less of it. All of them at once: the first
 * to go lets one in, who would soon be followed by another. */
static void test_idle_connections_give_way_in_a_crowd(void **state)
{
    enum { IDLE = 16 };
    const struct http_server_params params = {.loops = 1,
        .max_connections = IDLE + 1,
        .crowded_timeout_ms = 50,
        .sample_interval_ms = 200};
    struct fixture fixture;
    struct response response;
    int idle[IDLE], silent, next, gone = 0;
    char byte;

    (void)state;
    fixture_open(&fixture, &params);
    silent = client_connect(&fixture);
    client_say(silent, "GET / HT");
    for (int i = 0; i < IDLE; i++) {
        idle[i] = client_connect(&fixture);
        client_say(idle[i], "GET / HTTP/1.1\r\n" HOST "\r\n");
        client_read(idle[i], &response, false);
        response_free(&response);
    }
    next = client_connect(&fixture);
    client_say(next, "GET / HTTP/1.1\r\n" HOST "\r\n");
    client_read(next, &response, false);
    assert_int_equal(response.status, 200);
    response_free(&response);
    /* Some may have been a millisecond too young. */
    for (int i = 0; i < IDLE; i++) {
        gone += recv(idle[i], &byte, 1, MSG_DONTWAIT) == 0;
        close(idle[i]);
    }
    assert_true(gone > 1);
    close(silent);
    close(next);
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
    /* The server rests now, so the one descriptor that the limit leaves goes to the client. */
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
        "GET /file HTTP/1.1\r\nUser-Agent: box\x01\xe7 1.0\r\n" HOST "\r\n",
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
    for (size_t i = 1; i < sizeof(requests) / sizeof(requests[0]); i++) {
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

/* What the kernel took and never delivered was sent all the same: no more than the file, no less
 * than was read. */
static void test_a_cut_transfer_counts_what_the_kernel_took(void **state)
{
    struct fixture fixture;
    uint64_t received = 0;
    char block[10000];
    (void)state;
    fixture_open(&fixture, NULL);
    int fd = connect_narrow(&fixture);
    client_say(fd, "GET /file HTTP/1.1\r\n" HOST "\r\n");
    while (received < 20000)
        received += (uint64_t)recv(fd, block, sizeof(block), 0);
    close(fd);
    await_closed(&fixture, 1);
    assert_in_range(fixture.sent_bytes, received, FILE_BYTES + 1000);
    fixture_close(&fixture, 0);
}

/* A peer that reads everything but closes without a goodbye in the middle of the next answer. */
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

/* One descriptor stays open for the file, however it is asked for. */
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

/* Idle connections and streams end at once; what is under way ends in its own time, and says that
 * it is the last. */
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

/* Transfers, uploads, streams and deferred work, all in the middle: everything ends, once, and
 * nothing leaks. */
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
        fds[i] = connect_narrow(&fixture);
        client_say(fds[i], requests[i % KINDS]);
    }
    gate_await(&fixture.gate, 4);
    await_count(&fixture.ticks, 1);
    pthread_create(&closer, NULL, close_in_background, &fixture);
    gate_open(&fixture.gate, 1000000);
    /* Those that wait for their peer's body or reading are still there, and end when their peers
     * leave. */
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
        fds[i] = connect_narrow(&fixture);
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
    atomic_int begun, paused; /* looks at it while it sends, and while it doesn't */
};

static struct http_pace count_looks(const struct http_flow *flow, void *ctx)
{
    struct flow_looks *looks = ctx;
    if (flow->cmcd)
        atomic_fetch_add(flow->sending ? &looks->begun : &looks->paused, 1);
    return (struct http_pace){.rate_bps = 1000000000};
}

/* Responses that are gone at once are known to have ended, while their connection goes on. */
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
        cmocka_unit_test(test_a_slow_head_times_out),
        cmocka_unit_test(test_the_head_timeout_counts_from_its_first_byte),
        cmocka_unit_test(test_idle_connections_are_closed),
        cmocka_unit_test(test_a_peer_without_progress_is_cut_off),
        cmocka_unit_test(test_a_reset_behind_part_of_a_message_is_noticed),
        cmocka_unit_test(test_bytes_behind_a_head_do_not_cost_the_answer),
        cmocka_unit_test(test_peers_that_wait_for_the_server_are_left_alone),
        cmocka_unit_test(test_slow_reader_is_not_idle),
        cmocka_unit_test(test_a_long_queue_turns_requests_away),
        cmocka_unit_test(test_connections_beyond_the_limit_wait),
        cmocka_unit_test(test_idle_connections_give_way_in_a_crowd),
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
