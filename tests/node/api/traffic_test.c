/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The monitor's figures about real transfers. They are compared with what curl counted at the other
 * end. */
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/api/api.h"
#include "node/hls/hls.h"
#include "node/monitor/monitor.h"
#include "node/monitor/monitor_internal.h"
#include "tests/node/hls/lesson_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIG_BYTES (64LL * 1024 * 1024)
#define FROM "--interface 127.0.0.7"

struct context {
    struct lesson_fixture fixture;
    struct monitor *monitor;
    struct hls *hls;
    struct http_route_set routes[3];
};

/* A file that is too large for the socket buffers. */
static void handle_big(struct http_request *req, void *ctx)
{
    struct context *context = ctx;
    char path[128];
    snprintf(path, sizeof(path), "%s/big", context->fixture.folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, BIG_BYTES) < 0)
        abort();
    close(fd);
    assert_int_equal(http_respond_file(req, &(struct http_file){.path = path,
                                                .length_bytes = BIG_BYTES,
                                                .content_type = "application/octet-stream"}),
        0);
}

static void add_routes(struct context *context)
{
    static const struct http_route big = {
        .methods = HTTP_GET, .pattern = "/big", .handle = handle_big};
    context->routes[0] = api_traffic_routes(context->monitor);
    context->routes[1] = hls_routes(context->hls);
    context->routes[2] = (struct http_route_set){&big, 1, context};
}

static int setup(void **state)
{
    struct context *context = calloc(1, sizeof(*context));
    assert_non_null(context);
    lesson_fixture_open(&context->fixture);
    lesson_fixture_create(&context->fixture, true);
    lesson_fixture_finish(&context->fixture);
    assert_int_equal(monitor_open(&context->monitor,
                         &(struct monitor_params){.catalog = context->fixture.catalog}),
        0);
    assert_int_equal(
        hls_open(&context->hls, &(struct hls_params){.store = context->fixture.store}), 0);
    add_routes(context);
    lesson_fixture_serve(&context->fixture, context->routes, COUNT(context->routes),
        monitor_observe, context->monitor);
    *state = context;
    return 0;
}

static int teardown(void **state)
{
    struct context *context = *state;
    lesson_fixture_close(&context->fixture);
    hls_close(&context->hls);
    monitor_close(&context->monitor);
    assert_null(context->monitor);
    free(context);
    return 0;
}

static json_t *get_json(struct context *context, const char *path)
{
    struct reply reply = lesson_fixture_get(&context->fixture, "", path);
    json_t *root = json_loads((const char *)reply.body, 0, NULL);
    assert_int_equal(reply.status, 200);
    if (!strcasestr(reply.headers, "Content-Type: application/json"))
        fail_msg("%s", reply.headers);
    assert_non_null(root);
    reply_free(&reply);
    return root;
}

static int64_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value))
        fail_msg("%s is no whole number", key);
    return json_integer_value(value);
}

/* Returns the row of an address once at least this many requests are finished and all its
 * connections have ended. Its bytes are final then. */
static json_t *final_row(struct context *context, const char *address, int64_t requests)
{
    for (int tries = 0; tries < 2000; tries++) {
        json_t *root = get_json(context, "/api/technician/terminals");
        json_t *found = NULL;
        json_t *row;
        size_t i;
        json_array_foreach(json_object_get(root, "terminals"), i, row)
        {
            if (strcmp(json_string_value(json_object_get(row, "address")), address) == 0 &&
                number(row, "requests") >= requests && number(row, "connections") == 0)
                found = json_incref(row);
        }
        json_decref(root);
        if (found)
            return found;
    }
    fail_msg("no finished row for %s", address);
    return NULL;
}

static void test_bytes_agree_with_curl(void **state)
{
    static const char *const paths[] = {"/v/1/1/master.m3u8", "/v/1/1/a32/0.m4s",
        "/v/1/1/v400/init.mp4", "/nothing/there", "/big", "/v/1/1/v400/3.m4s"};
    struct context *context = *state;
    int64_t received = 0;
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct reply reply = lesson_fixture_get(&context->fixture, FROM " -A 'Box/1.0'", paths[i]);
        received += reply.header_bytes + reply.body_bytes;
        reply_free(&reply);
    }
    json_t *row = final_row(context, "127.0.0.7", COUNT(paths));
    assert_int_equal(number(row, "sent_bytes"), received);
    assert_int_equal(number(row, "requests"), COUNT(paths));
    assert_int_equal(number(row, "lesson"), 1);
    assert_string_equal(json_string_value(json_object_get(row, "title")), "水稻育秧");
    assert_string_equal(json_string_value(json_object_get(row, "rendition")), "v400");
    assert_string_equal(json_string_value(json_object_get(row, "user_agent")), "Box/1.0");
    assert_true(number(row, "rate_bps") > 0);
    assert_true(number(row, "retransmits") >= 0);
    assert_true(json_is_real(json_object_get(row, "rtt_ms")));
    assert_true(number(row, "first_seen_ms") <= number(row, "last_seen_ms"));
    json_decref(row);
}

/* curl leaves in the middle. At least what it received must be counted, and at most the head and
 * the whole file. */
static void test_a_cut_transfer_counts_what_was_received(void **state)
{
    struct context *context = *state;
    struct reply reply =
        lesson_fixture_get(&context->fixture, FROM " --limit-rate 1M -m 1", "/big");
    json_t *row = final_row(context, "127.0.0.7", 0);
    assert_int_equal(reply.curl_exit, 28); /* timed out */
    assert_true(reply.body_bytes > 0 && reply.body_bytes < BIG_BYTES);
    assert_in_range(number(row, "sent_bytes"), reply.header_bytes + reply.body_bytes,
        reply.header_bytes + BIG_BYTES);
    json_decref(row);
    reply_free(&reply);
}

static void test_uplink_minutes_add_up(void **state)
{
    struct context *context = *state;
    struct reply reply = lesson_fixture_get(&context->fixture, FROM, "/v/1/1/v400/0.m4s");
    int64_t received = reply.header_bytes + reply.body_bytes;
    int64_t sum = 0;
    json_t *minute;
    json_t *minutes;
    size_t i;
    reply_free(&reply);
    json_decref(final_row(context, "127.0.0.7", 1));
    json_t *root = get_json(context, "/api/technician/uplink");
    minutes = json_object_get(root, "minutes");
    assert_int_equal(json_array_size(minutes), 60);
    json_array_foreach(minutes, i, minute)
    {
        int64_t first_ms = number(json_array_get(minutes, 0), "time_ms");
        assert_int_equal(number(minute, "time_ms"), first_ms + (int64_t)i * 60000);
        sum += number(minute, "sent_bytes");
    }
    assert_in_range(
        number(root, "now_ms") - number(json_array_get(minutes, 59), "time_ms"), 0, 59999);
    assert_int_equal(number(root, "sent_bytes"), sum);
    assert_true(sum >= received);
    json_decref(root);
}

static void expect_metric(const struct reply *reply, const char *name, int64_t least)
{
    const char *line = strstr((const char *)reply->body, name);
    if (!line || strtoll(line + strlen(name), NULL, 10) < least)
        fail_msg("%s is not at least %lld in:\n%s", name, (long long)least, (char *)reply->body);
}

static void test_metrics_have_every_family(void **state)
{
    struct context *context = *state;
    struct reply reply = lesson_fixture_get(&context->fixture, FROM, "/v/1/1/v400/0.m4s");
    int64_t received = reply.header_bytes + reply.body_bytes;
    reply_free(&reply);
    json_decref(final_row(context, "127.0.0.7", 1));
    reply = lesson_fixture_get(&context->fixture, "", "/metrics");
    assert_int_equal(reply.status, 200);
    assert_non_null(strcasestr(reply.headers, "Content-Type: text/plain; version=0.0.4"));
    expect_metric(&reply, "\nterrace_sent_bytes_total ", received);
    expect_metric(&reply, "\nterrace_requests_total ", 1);
    expect_metric(&reply, "\nterrace_slow_turns_total ", 0);
    expect_metric(&reply, "\nterrace_terminals ", 1);
    expect_metric(&reply, "\nterrace_lessons{state=\"ready\"} ", 1);
    expect_metric(&reply, "\nterrace_catalog_up ", 1);
    reply_free(&reply);
    reply = lesson_fixture_get(
        &context->fixture, "-H 'Accept: application/openmetrics-text'", "/metrics");
    assert_non_null(
        strcasestr(reply.headers, "Content-Type: application/openmetrics-text; version=1.0.0"));
    expect_metric(&reply, "\nterrace_sent_bytes_total ", received);
    assert_string_equal((char *)reply.body + reply.body_bytes - 6, "# EOF\n");
    reply_free(&reply);
}

static int64_t hour_bytes(struct monitor *monitor)
{
    struct monitor_time now = monitor_now();
    struct catalog_uplink_minute minutes[MINUTES_SHOWN];
    int64_t bytes = 0;
    monitor_copy_minutes(monitor, &now, minutes);
    for (int i = 0; i < MINUTES_SHOWN; i++)
        bytes += minutes[i].sent_bytes;
    return bytes;
}

/* A node runs three times within one hour and is stopped, killed, and stopped. What was flushed
 * must be counted once. */
static void test_restarts_count_once(void **state)
{
    struct lesson_fixture *fixture = &((struct context *)*state)->fixture;
    struct http_conn_sample sample = {.conn_id = 1,
        .peer = "10.0.0.1",
        .path = "",
        .user_agent = "",
        .sent_bytes = 1000,
        .requests = 1};
    const struct monitor_params params = {.catalog = fixture->catalog};
    struct monitor *monitor = NULL;
    assert_int_equal(monitor_open(&monitor, &params), 0);
    int64_t before = hour_bytes(monitor);
    monitor_observe(&sample, monitor);
    monitor_flush(monitor, fixture->catalog, true);
    monitor_flush(monitor, fixture->catalog, true);
    monitor_observe(&sample, monitor);
    monitor_flush(monitor, fixture->catalog, true);
    assert_int_equal(hour_bytes(monitor), before + 2000);
    monitor_close(&monitor);

    assert_int_equal(monitor_open(&monitor, &params), 0);
    assert_int_equal(hour_bytes(monitor), before + 2000);
    monitor_observe(&sample, monitor);
    monitor_flush(monitor, fixture->catalog, true);
    monitor_observe(&sample, monitor); /* not flushed, so it is lost when the node is killed */
    monitor_close(&monitor);

    assert_int_equal(monitor_open(&monitor, &params), 0);
    assert_int_equal(hour_bytes(monitor), before + 3000);
    monitor_flush(monitor, fixture->catalog, true);
    monitor_close(&monitor);
    assert_int_equal(monitor_open(&monitor, &params), 0);
    assert_int_equal(hour_bytes(monitor), before + 3000);
    monitor_close(&monitor);
}

/* The current minute is not written before it is over. */
static void test_a_minute_is_written_once_it_is_over(void **state)
{
    struct lesson_fixture *fixture = &((struct context *)*state)->fixture;
    struct http_conn_sample sample = {.conn_id = 1,
        .peer = "10.0.0.1",
        .path = "",
        .user_agent = "",
        .sent_bytes = 1000,
        .requests = 1};
    struct monitor_time now = {.wall_ms = 29000000LL * MS_PER_MINUTE, .mono_ms = 1000};
    struct catalog_uplink uplink = {0};
    struct monitor *monitor = NULL;
    assert_int_equal(
        monitor_open(&monitor, &(struct monitor_params){.catalog = fixture->catalog}), 0);
    monitor_observe_at(monitor, &sample, &now);
    monitor_flush_at(monitor, fixture->catalog, false, &now);
    assert_int_equal(catalog_uplink(fixture->catalog, 29000000, &uplink), 0);
    for (size_t i = 0; i < uplink.count; i++)
        assert_int_not_equal(uplink.items[i].minute, 29000000);
    catalog_uplink_free(&uplink);
    now.wall_ms += MS_PER_MINUTE;
    monitor_flush_at(monitor, fixture->catalog, false, &now);
    assert_int_equal(catalog_uplink(fixture->catalog, 29000000, &uplink), 0);
    assert_true(uplink.count >= 1);
    assert_int_equal(uplink.items[0].minute, 29000000);
    assert_int_equal(uplink.items[0].sent_bytes, 1000);
    assert_int_equal(uplink.items[0].requests, 1);
    catalog_uplink_free(&uplink);
    monitor_close(&monitor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes_agree_with_curl, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_cut_transfer_counts_what_was_received, setup, teardown),
        cmocka_unit_test_setup_teardown(test_uplink_minutes_add_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_metrics_have_every_family, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restarts_count_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_minute_is_written_once_it_is_over, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
