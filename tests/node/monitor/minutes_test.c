/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rates, minutes and metrics: the parts of the monitor without input and output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "node/monitor/metrics.h"
#include "node/monitor/minutes.h"
#include "node/monitor/rate.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_rate_is_steady_for_a_steady_stream(void **state)
{
    struct rate rate = {0};
    int64_t now_ms = 5000;
    (void)state;
    for (int i = 0; i < 60; i++, now_ms += 1000)
        rate_add(&rate, 8000, 1000, now_ms);
    assert_int_equal(rate_now(&rate, now_ms - 1000), 8000);
    /* Before the next sample is due, a missing sample does not lower the rate. */
    assert_int_equal(rate_now(&rate, now_ms), 8000);
}

static void test_rate_of_two_connections_adds_up(void **state)
{
    struct rate rate = {0};
    int64_t now_ms = 5000;
    (void)state;
    for (int i = 0; i < 60; i++, now_ms += 500)
        rate_add(&rate, i % 2 ? 3000 : 5000, 1000, now_ms);
    assert_in_range(rate_now(&rate, now_ms - 500), 7400, 8600);
}

static void test_rate_falls_to_nothing(void **state)
{
    struct rate rate = {0};
    (void)state;
    rate_add(&rate, 1000000, 1000, 1000);
    int64_t last = rate_now(&rate, 1000);
    assert_true(last > 100000);
    for (int64_t now_ms = 3000; now_ms < 60000; now_ms += 1000) {
        assert_true(rate_now(&rate, now_ms) <= last);
        last = rate_now(&rate, now_ms);
    }
    assert_in_range(rate_now(&rate, 1000 + RATE_SAMPLE_MS + RATE_MEMORY_MS), 66600, 66800);
    assert_int_equal(rate_now(&rate, 120000), 0);
}

static void expect_unwritten(const struct minutes *minutes, int64_t present, bool everything,
    const struct catalog_uplink_minute *expected)
{
    struct catalog_uplink_minute minute;
    assert_true(minutes_unwritten(minutes, present, everything, &minute));
    assert_int_equal(minute.minute, expected->minute);
    assert_int_equal(minute.sent_bytes, expected->sent_bytes);
    assert_int_equal(minute.requests, expected->requests);
}

static void test_minutes_are_written_once(void **state)
{
    struct minutes minutes = {0};
    struct catalog_uplink_minute minute;
    (void)state;
    minutes_add(&minutes, 1000, 70, 1);
    assert_false(minutes_unwritten(&minutes, 1000, false, &minute));
    expect_unwritten(&minutes, 1001, false, &(struct catalog_uplink_minute){1000, 70, 1});
    expect_unwritten(&minutes, 1000, true, &(struct catalog_uplink_minute){1000, 70, 1});
    /* More bytes are counted while the catalog is being written. */
    minutes_add(&minutes, 1000, 5, 0);
    minutes_written(&minutes, &(struct catalog_uplink_minute){1000, 70, 1});
    expect_unwritten(&minutes, 1001, false, &(struct catalog_uplink_minute){1000, 5, 0});
    minutes_written(&minutes, &(struct catalog_uplink_minute){1000, 5, 0});
    assert_false(minutes_unwritten(&minutes, 1001, true, &minute));
}

static void test_minutes_loaded_are_not_written_again(void **state)
{
    struct minutes minutes = {0};
    struct catalog_uplink_minute rows[] = {{998, 300, 3}, {1000, 70, 1}};
    struct catalog_uplink_minute minute, shown[MINUTES_SHOWN];
    (void)state;
    minutes_load(&minutes, &(struct catalog_uplink){rows, COUNT(rows)});
    assert_false(minutes_unwritten(&minutes, 1001, true, &minute));
    minutes_add(&minutes, 1000, 30, 1);
    expect_unwritten(&minutes, 1001, false, &(struct catalog_uplink_minute){1000, 30, 1});
    minutes_shown(&minutes, 1000, shown);
    assert_int_equal(shown[59].sent_bytes, 100);
    assert_int_equal(shown[59].requests, 2);
    assert_int_equal(shown[58].minute, 999);
    assert_int_equal(shown[58].sent_bytes, 0);
    assert_int_equal(shown[57].sent_bytes, 300);
    assert_int_equal(shown[0].minute, 941);
}

static void test_minutes_come_round(void **state)
{
    struct minutes minutes = {0};
    struct catalog_uplink_minute shown[MINUTES_SHOWN];
    (void)state;
    for (int64_t minute = 1000; minute < 1000 + 3 * MINUTES_KEPT; minute++)
        minutes_add(&minutes, minute, (uint64_t)minute, 1);
    minutes_shown(&minutes, 1191, shown);
    for (int i = 0; i < MINUTES_SHOWN; i++)
        assert_int_equal(shown[i].sent_bytes, 1132 + i);
    /* After a gap of hours, no old minutes are left. */
    minutes_shown(&minutes, 1191 + 5 * MINUTES_KEPT, shown);
    for (int i = 0; i < MINUTES_SHOWN; i++)
        assert_int_equal(shown[i].sent_bytes, 0);
    /* The clock is set back. */
    minutes_add(&minutes, 900, 11, 1);
    minutes_shown(&minutes, 900, shown);
    assert_int_equal(shown[59].sent_bytes, 11);
}

static const struct metrics_snapshot snapshot = {
    .sent_bytes = 123456789012,
    .requests = 42,
    .connections = 3,
    .terminals = 2,
    .uplink_bytes_per_second = 16000,
    .catalog_read = true,
    .lessons = {1, 2, 3, 4},
    .jobs = {5, 6},
};

static void expect_in(const struct buf *text, const char *line)
{
    if (!strstr(text->data, line))
        fail_msg("no \"%s\" in:\n%s", line, text->data);
}

static void test_openmetrics(void **state)
{
    struct buf text = {0};
    (void)state;
    metrics_write(&snapshot, METRICS_OPENMETRICS, &text);
    expect_in(&text, "# TYPE terrace_sent_bytes counter\n# UNIT terrace_sent_bytes bytes\n"
                     "terrace_sent_bytes_total 123456789012\n");
    expect_in(&text, "# TYPE terrace_build info\nterrace_build_info{version=\"");
    expect_in(&text, "terrace_lessons{state=\"queued\"} 1\n");
    expect_in(&text, "terrace_lessons{state=\"failed\"} 4\n");
    expect_in(&text, "terrace_jobs{state=\"leased\"} 6\n");
    expect_in(&text, "terrace_uplink_bytes_per_second 16000\n");
    assert_string_equal(text.data + text.used_bytes - 6, "# EOF\n");
    buf_free(&text);
}

static void test_prometheus(void **state)
{
    struct buf text = {0};
    (void)state;
    metrics_write(&snapshot, METRICS_PROMETHEUS, &text);
    expect_in(
        &text, "# TYPE terrace_sent_bytes_total counter\nterrace_sent_bytes_total 123456789012\n");
    expect_in(&text, "# TYPE terrace_build_info gauge\n");
    assert_null(strstr(text.data, "# UNIT"));
    assert_null(strstr(text.data, "# EOF"));
    buf_free(&text);
}

static void test_unreadable_catalog_leaves_no_zeroes(void **state)
{
    struct metrics_snapshot blind = snapshot;
    struct buf text = {0};
    (void)state;
    blind.catalog_read = false;
    metrics_write(&blind, METRICS_PROMETHEUS, &text);
    expect_in(&text, "\nterrace_catalog_up 0\n");
    assert_null(strstr(text.data, "terrace_lessons"));
    assert_null(strstr(text.data, "terrace_jobs"));
    buf_free(&text);
}

/* promtool, Prometheus's own checker, must accept the text. */
static void test_promtool_accepts(void **state)
{
    struct buf text = {0};
    FILE *promtool;
    (void)state;
    if (system("command -v promtool >/dev/null 2>&1") != 0)
        skip();
    metrics_write(&snapshot, METRICS_PROMETHEUS, &text);
    promtool = popen("promtool check metrics", "w");
    assert_non_null(promtool);
    assert_int_equal(fwrite(text.data, 1, text.used_bytes, promtool), text.used_bytes);
    int status = pclose(promtool);
    assert_int_equal(WEXITSTATUS(status), 0);
    buf_free(&text);
}

static void test_negotiation(void **state)
{
    static const struct {
        const char *accept;
        enum metrics_format format;
    } cases[] = {
        {NULL, METRICS_PROMETHEUS},
        {"", METRICS_PROMETHEUS},
        {"*/*", METRICS_PROMETHEUS},
        {"text/plain", METRICS_PROMETHEUS},
        {"application/openmetrics-text", METRICS_OPENMETRICS},
        {"application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;"
         "version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            METRICS_OPENMETRICS},
        {"text/plain;version=0.0.4;q=0.5, application/OpenMetrics-text ; q=0.7",
            METRICS_OPENMETRICS},
        {"application/openmetrics-text;q=0.2, text/plain;q=0.9", METRICS_PROMETHEUS},
        {"application/openmetrics-text;q=0", METRICS_PROMETHEUS},
        {"application/openmetrics-text;q=", METRICS_PROMETHEUS},
        {"application/openmetrics-textual", METRICS_PROMETHEUS},
        {",,;,application/openmetrics-text;", METRICS_OPENMETRICS},
        {"application/openmetrics-text;;;q=0,text/plain", METRICS_PROMETHEUS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum metrics_format format = metrics_negotiate(cases[i].accept);
        if (format != cases[i].format)
            print_error("\"%s\"\n", cases[i].accept);
        assert_int_equal(format, cases[i].format);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_is_steady_for_a_steady_stream),
        cmocka_unit_test(test_rate_of_two_connections_adds_up),
        cmocka_unit_test(test_rate_falls_to_nothing),
        cmocka_unit_test(test_minutes_are_written_once),
        cmocka_unit_test(test_minutes_loaded_are_not_written_again),
        cmocka_unit_test(test_minutes_come_round),
        cmocka_unit_test(test_openmetrics),
        cmocka_unit_test(test_prometheus),
        cmocka_unit_test(test_unreadable_catalog_leaves_no_zeroes),
        cmocka_unit_test(test_promtool_accepts),
        cmocka_unit_test(test_negotiation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
