/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the server reports of the media time that it sends, and what the link scheduler makes of it.
 * The client is curl. */
#include <pthread.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "catalog/db.h"
#include "node/hls/hls.h"
#include "node/link/link.h"
#include "node/util/clock.h"
#include "tests/node/hls/lesson_fixture.h"

#define SEGMENT_MS 6000

struct context {
    struct lesson_fixture fixture;
    struct hls *hls;
    struct link *link;
    struct http_route_set routes;
    pthread_mutex_t lock; /* protects what follows */
    char seen[1024];      /* "0-6000 " for each delivery that follows no other one */
    int64_t to_ms;
    bool sound;
};

static void on_delivered(const struct http_delivered *delivered, void *ctx)
{
    struct context *context = ctx;
    pthread_mutex_lock(&context->lock);
    size_t used = strlen(context->seen);
    if (used > 0 && delivered->from_ms == context->to_ms)
        used = (size_t)(strrchr(context->seen, '-') + 1 - context->seen);
    else
        used += (size_t)snprintf(
            context->seen + used, sizeof(context->seen) - used, "%d-", (int)delivered->from_ms);
    snprintf(context->seen + used, sizeof(context->seen) - used, "%d ", (int)delivered->to_ms);
    context->to_ms = delivered->to_ms;
    context->sound = delivered->sound;
    assert_string_equal(delivered->peer, "127.0.0.1");
    assert_non_null(strstr(delivered->path, ".m4s"));
    pthread_mutex_unlock(&context->lock);
}

static int setup(void **state)
{
    struct context *context = calloc(1, sizeof(*context));
    assert_non_null(context);
    lesson_fixture_open(&context->fixture);
    pthread_mutex_init(&context->lock, NULL);
    assert_int_equal(
        hls_open(&context->hls, &(struct hls_params){.store = context->fixture.store}), 0);
    context->routes = hls_routes(context->hls);
    lesson_fixture_create(&context->fixture, true);
    lesson_fixture_finish(&context->fixture);
    *state = context;
    return 0;
}

static int teardown(void **state)
{
    struct context *context = *state;
    lesson_fixture_close(&context->fixture);
    hls_close(&context->hls);
    link_close(&context->link);
    free(context);
    return 0;
}

/* Waits for the end of the response, which is reported after the client has it. */
static void expect_deliveries(
    struct context *context, const char *options, const char *path, const char *expected)
{
    context->seen[0] = '\0';
    lesson_fixture_status(&context->fixture, options, path);
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&context->lock);
        bool same = strcmp(context->seen, expected) == 0;
        pthread_mutex_unlock(&context->lock);
        if (same)
            break;
        usleep(2000);
    }
    assert_string_equal(context->seen, expected);
}

static void test_what_is_sent_is_reported(void **state)
{
    struct context *context = *state;
    context->fixture.delivered = on_delivered;
    context->fixture.pace_ctx = context;
    lesson_fixture_serve(&context->fixture, &context->routes, 1, NULL, NULL);
    expect_deliveries(context, "", "/v/1/1/v400/0.m4s", "0-6000 ");
    assert_false(context->sound);
    expect_deliveries(context, "", "/v/1/1/v400/3.m4s", "18000-24000 ");
    expect_deliveries(context, "", "/v/1/1/a32/1.m4s", "6000-12000 ");
    assert_true(context->sound);
    /* The first segment has 60,000 bytes. */
    expect_deliveries(context, "-r 15000-29999", "/v/1/1/v400/0.m4s", "1500-3000 ");
    expect_deliveries(context, "-r 45000-", "/v/1/1/v400/2.m4s", "16500-18000 ");
    expect_deliveries(context, "-r 0-5999,30000-35999", "/v/1/1/v400/0.m4s", "0-600 3000-3600 ");
    /* Without a body there is no delivery. The last request shows that the others are done. */
    lesson_fixture_status(&context->fixture, "--head", "/v/1/1/v400/0.m4s");
    lesson_fixture_status(&context->fixture, "-r 70000-", "/v/1/1/v400/0.m4s");
    lesson_fixture_status(&context->fixture, "-H 'If-None-Match: *'", "/v/1/1/v400/0.m4s");
    lesson_fixture_status(&context->fixture, "", "/v/1/1/v400/init.mp4");
    lesson_fixture_status(&context->fixture, "", "/v/1/1/v400/index.m3u8");
    expect_deliveries(context, "", "/v/1/1/v400/1.m4s", "6000-12000 ");
}

static void run_sql(struct context *context, const char *sql)
{
    assert_int_equal(sqlite3_exec(context->fixture.catalog->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static bool is_slow(struct context *context, const char *path)
{
    struct reply reply = lesson_fixture_get(&context->fixture, "", path);
    bool slow = strstr(reply.headers, "etp=8;mb=8;") != NULL;
    assert_int_equal(reply.status, 200);
    reply_free(&reply);
    return slow;
}

/* The segments are given a length of half an hour. The site of the terminals has no downloads now:
 * their hours begin twelve hours from now. */
static void test_what_is_fetched_far_ahead_is_slowed_down(void **state)
{
    struct context *context = *state;
    int minute = site_time_of(clock_wall_ms()).minute;
    const struct catalog_site site = {.name = (char *)"school",
        .ranges = (char *)"127.0.0.0/8",
        .token = (char *)"",
        .download_from_minute = (minute + 720) % 1440,
        .download_to_minute = (minute + 780) % 1440};
    int64_t id = 0;
    run_sql(context, "UPDATE renditions SET timescale = timescale / 300");
    assert_int_equal(catalog_site_put(context->fixture.catalog, &site, &id), 0);
    assert_int_equal(link_open(&context->link, context->fixture.catalog), 0);
    context->fixture.pace = link_pace;
    context->fixture.delivered = link_delivered;
    context->fixture.pace_ctx = context->link;
    lesson_fixture_serve(&context->fixture, &context->routes, 1, NULL, NULL);
    assert_false(is_slow(context, "/v/1/1/v400/0.m4s"));
    assert_true(is_slow(context, "/v/1/1/v400/1.m4s?CMCD=su%2Cbl%3D0%2Csid%3D%22new%22"));
    assert_false(is_slow(context, "/v/1/1/a32/0.m4s"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_sent_is_reported, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_what_is_fetched_far_ahead_is_slowed_down, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
