/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of terminals: how samples of connections add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/monitor/terminals.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct monitor_time at(int64_t mono_ms)
{
    return (struct monitor_time){.wall_ms = 1790000000000 + mono_ms, .mono_ms = mono_ms};
}

static void observe(struct terminals *terminals, int64_t mono_ms, struct http_conn_sample sample)
{
    struct monitor_time now = at(mono_ms);
    if (!sample.path)
        sample.path = "";
    if (!sample.user_agent)
        sample.user_agent = "";
    terminals_observe(terminals, &sample, &now);
}

/* Returns the row of an address. Fails the test if there is none. */
static struct terminal_row row_of(
    const struct terminals *terminals, int64_t mono_ms, const char *address)
{
    struct terminal_row rows[16];
    struct monitor_time now = at(mono_ms);
    size_t count = terminals_copy(terminals, &now, rows, COUNT(rows));
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].address, address) == 0)
            return rows[i];
    fail_msg("no row for %s among %zu", address, count);
    return rows[0];
}

static void test_sums_over_connections(void **state)
{
    struct terminals *terminals;
    (void)state;
    assert_int_equal(terminals_open(&terminals, 10), 0);
    observe(terminals, 1000,
        (struct http_conn_sample){.conn_id = 1,
            .peer = "10.0.0.1",
            .sent_bytes = 500,
            .requests = 1,
            .rtt_us = 300000,
            .retransmits = 2});
    observe(terminals, 1500,
        (struct http_conn_sample){.conn_id = 2,
            .peer = "10.0.0.1",
            .sent_bytes = 70,
            .requests = 1,
            .rtt_us = 250000,
            .retransmits = 1});
    observe(terminals, 2000,
        (struct http_conn_sample){
            .conn_id = 1, .peer = "10.0.0.1", .sent_bytes = 30, .retransmits = 5, .closed = true});
    struct terminal_row row = row_of(terminals, 2000, "10.0.0.1");
    assert_int_equal(row.sent_bytes, 600);
    assert_int_equal(row.requests, 2);
    assert_int_equal(row.retransmits, 6);
    assert_int_equal(row.rtt_us, 250000);
    assert_int_equal(row.connections, 1);
    assert_int_equal(terminals_connections(terminals), 1);
    assert_int_equal(row.first_seen_ms, 1790000001000);
    assert_int_equal(row.last_seen_ms, 1790000002000);
    /* The counters of a new connection start at 0. */
    observe(terminals, 2500,
        (struct http_conn_sample){
            .conn_id = 3, .peer = "10.0.0.1", .retransmits = 4, .closed = true});
    row = row_of(terminals, 2500, "10.0.0.1");
    assert_int_equal(row.retransmits, 10);
    assert_int_equal(row.connections, 1);
    terminals_close(&terminals);
    assert_null(terminals);
}

static void test_the_longest_unseen_row_is_dropped(void **state)
{
    struct terminals *terminals;
    char address[32];
    (void)state;
    assert_int_equal(terminals_open(&terminals, 3), 0);
    for (uint64_t i = 1; i <= 3; i++) {
        snprintf(address, sizeof(address), "10.0.0.%d", (int)i);
        observe(terminals, (int64_t)i * 1000,
            (struct http_conn_sample){.conn_id = i, .peer = address, .sent_bytes = i});
    }
    observe(terminals, 4000,
        (struct http_conn_sample){.conn_id = 1, .peer = "10.0.0.1", .sent_bytes = 100});
    observe(terminals, 5000,
        (struct http_conn_sample){.conn_id = 4, .peer = "10.0.0.4", .sent_bytes = 4});
    assert_int_equal(terminals_count(terminals), 3);
    assert_int_equal(row_of(terminals, 5000, "10.0.0.1").sent_bytes, 101);
    row_of(terminals, 5000, "10.0.0.3");
    row_of(terminals, 5000, "10.0.0.4");
    assert_int_equal(terminals_connections(terminals), 3);
    /* The removed address comes back as a new row, because its connection is still open. */
    observe(terminals, 6000,
        (struct http_conn_sample){
            .conn_id = 2, .peer = "10.0.0.2", .sent_bytes = 7, .closed = true});
    assert_int_equal(row_of(terminals, 6000, "10.0.0.2").sent_bytes, 7);
    assert_int_equal(row_of(terminals, 6000, "10.0.0.2").connections, 0);
    assert_int_equal(terminals_count(terminals), 3);
    terminals_close(&terminals);
}

static void test_rows_are_sorted_by_last_seen(void **state)
{
    struct terminals *terminals;
    struct terminal_row rows[3];
    struct monitor_time now = at(100000);
    (void)state;
    assert_int_equal(terminals_open(&terminals, 10), 0);
    observe(terminals, 10000, (struct http_conn_sample){.conn_id = 1, .peer = "10.0.0.1"});
    observe(terminals, 90000, (struct http_conn_sample){.conn_id = 2, .peer = "fd00::2"});
    observe(terminals, 95000, (struct http_conn_sample){.conn_id = 3, .peer = "10.0.0.3"});
    assert_int_equal(terminals_copy(terminals, &now, rows, 3), 3);
    assert_string_equal(rows[0].address, "10.0.0.3");
    assert_string_equal(rows[1].address, "fd00::2");
    assert_string_equal(rows[2].address, "10.0.0.1");
    assert_int_equal(terminals_active(terminals, 40000), 2);
    assert_int_equal(terminals_copy(terminals, &now, rows, 2), 2);
    terminals_close(&terminals);
}

static void test_rate_follows_the_bytes(void **state)
{
    struct terminals *terminals;
    (void)state;
    assert_int_equal(terminals_open(&terminals, 10), 0);
    for (int64_t i = 0; i < 60; i++) {
        observe(terminals, i * 1000,
            (struct http_conn_sample){
                .conn_id = 1, .peer = "10.0.0.1", .path = "/v/7/1/v220/3.m4s", .sent_bytes = 8000});
        observe(terminals, i * 1000,
            (struct http_conn_sample){
                .conn_id = 2, .peer = "10.0.0.1", .path = "/v/7/1/v220.mp4", .sent_bytes = 2000});
    }
    struct terminal_row row = row_of(terminals, 59000, "10.0.0.1");
    assert_in_range(row.rate_bps, 79900, 80100);
    assert_in_range(terminals_bytes_per_second(terminals, 59000), 9990, 10010);
    row = row_of(terminals, 59000 + 120000, "10.0.0.1");
    assert_int_equal(row.rate_bps, 0);
    terminals_close(&terminals);
}

/* After a pause, the burst counts as one second's bytes, and the pause does not lower the rate. */
static void test_a_burst_after_a_pause_counts_as_one_second(void **state)
{
    struct terminals *terminals;
    (void)state;
    assert_int_equal(terminals_open(&terminals, 10), 0);
    observe(terminals, 1000,
        (struct http_conn_sample){
            .conn_id = 1, .peer = "10.0.0.1", .path = "/v/7/1/v220/3.m4s", .sent_bytes = 1});
    observe(terminals, 101000,
        (struct http_conn_sample){
            .conn_id = 1, .peer = "10.0.0.1", .path = "/v/7/1/v220/4.m4s", .sent_bytes = 100000});
    assert_in_range(row_of(terminals, 101000, "10.0.0.1").rate_bps, 140000, 150000);
    terminals_close(&terminals);
}

/* The terminal's page goes on polling. This counts neither as watching nor as a slow link. */
static void test_polling_is_not_watching(void **state)
{
    const struct http_conn_sample segment = {.conn_id = 1,
        .peer = "10.0.0.1",
        .path = "/v/7/1/v220/3.m4s",
        .sent_bytes = 60000,
        .requests = 1,
        .delivery_rate_bps = 900000};
    const struct http_conn_sample poll = {.conn_id = 2,
        .peer = "10.0.0.1",
        .path = "/api/lessons",
        .sent_bytes = 400,
        .requests = 1,
        .delivery_rate_bps = 3000};
    struct terminals *terminals;
    (void)state;
    assert_int_equal(terminals_open(&terminals, 10), 0);
    observe(terminals, 0, poll);
    struct terminal_row row = row_of(terminals, 0, "10.0.0.1");
    assert_int_equal(row.rate_bps, 0);
    assert_int_equal(row.link_bps, 0);
    assert_true(terminals_bytes_per_second(terminals, 0) > 0);
    observe(terminals, 1000, segment);
    for (int64_t ms = 2000; ms <= 60000; ms += 2000) {
        observe(terminals, ms, poll);
        row = row_of(terminals, ms, "10.0.0.1");
        bool watching = ms - 1000 <= TERMINAL_WATCHING_MS;
        assert_int_equal(row.lesson_id, watching ? 7 : 0);
        assert_int_equal(row.link_bps, watching ? 900000 : 0);
    }
    assert_int_equal(row.rate_bps, 0);
    /* The player's connection ends at last. It has fetched nothing in the meantime, so its end does
     * not count as watching. */
    observe(terminals, 76000,
        (struct http_conn_sample){
            .conn_id = 1, .peer = "10.0.0.1", .path = segment.path, .closed = true});
    assert_int_equal(row_of(terminals, 76000, "10.0.0.1").lesson_id, 0);
    terminals_close(&terminals);
}

/* A playlist is too short for TCP to estimate the rate of the link. */
static void test_link_rate_needs_enough_bytes(void **state)
{
    struct http_conn_sample sample = {.conn_id = 1,
        .peer = "10.0.0.1",
        .path = "/v/7/1/master.m3u8",
        .sent_bytes = 900,
        .requests = 1,
        .delivery_rate_bps = 9000};
    struct terminals *terminals;
    (void)state;
    assert_int_equal(terminals_open(&terminals, 10), 0);
    observe(terminals, 1000, sample);
    assert_int_equal(row_of(terminals, 1000, "10.0.0.1").link_bps, 0);
    sample.path = "/v/7/1/v48/0.m4s";
    sample.sent_bytes = TERMINAL_LINK_BYTES;
    sample.delivery_rate_bps = 40000;
    observe(terminals, 2000, sample);
    assert_int_equal(row_of(terminals, 2000, "10.0.0.1").link_bps, 40000);
    terminals_close(&terminals);
}

static void test_lesson_and_user_agent_are_shown(void **state)
{
    struct terminals *terminals;
    (void)state;
    assert_int_equal(terminals_open(&terminals, 10), 0);
    observe(terminals, 1000,
        (struct http_conn_sample){.conn_id = 1,
            .peer = "10.0.0.1",
            .path = "/v/7/1/v220/3.m4s",
            .requests = 1,
            .user_agent = "Box/1.0 \x1b[31m\xff"});
    observe(terminals, 2000,
        (struct http_conn_sample){.conn_id = 2, .peer = "10.0.0.1", .path = "/api/lessons"});
    struct terminal_row row = row_of(terminals, 2000, "10.0.0.1");
    assert_int_equal(row.lesson_id, 7);
    assert_string_equal(row.rendition, "v220");
    assert_string_equal(row.user_agent, "Box/1.0 ?[31m?");
    observe(terminals, 3000,
        (struct http_conn_sample){
            .conn_id = 1, .peer = "10.0.0.1", .path = "/v/7/1/master.m3u8", .requests = 1});
    assert_string_equal(row_of(terminals, 3000, "10.0.0.1").rendition, "v220");
    observe(terminals, 4000,
        (struct http_conn_sample){
            .conn_id = 1, .peer = "10.0.0.1", .path = "/v/8/1/master.m3u8", .requests = 1});
    row = row_of(terminals, 4000, "10.0.0.1");
    assert_int_equal(row.lesson_id, 8);
    assert_string_equal(row.rendition, "");
    observe(terminals, 4000 + TERMINAL_WATCHING_MS + 1,
        (struct http_conn_sample){.conn_id = 1, .peer = "10.0.0.1", .path = "/"});
    assert_int_equal(row_of(terminals, 4000 + TERMINAL_WATCHING_MS + 1, "10.0.0.1").lesson_id, 0);
    terminals_close(&terminals);
}

static const char *rendition_after(struct terminals *terminals, int64_t mono_ms, const char *path)
{
    static struct terminal_row row;
    observe(terminals, mono_ms,
        (struct http_conn_sample){.conn_id = 1, .peer = "10.0.0.1", .path = path, .requests = 1});
    row = row_of(terminals, mono_ms, "10.0.0.1");
    return row.rendition;
}

static void test_audio_beside_video_shows_the_video(void **state)
{
    struct terminals *terminals;
    (void)state;
    assert_int_equal(terminals_open(&terminals, 10), 0);
    assert_string_equal(rendition_after(terminals, 1000, "/v/7/1/a24/0.m4s"), "a24");
    assert_string_equal(rendition_after(terminals, 2000, "/v/7/1/v48/0.m4s"), "v48");
    assert_string_equal(rendition_after(terminals, 3000, "/v/7/1/o20/1.m4s"), "v48");
    assert_string_equal(rendition_after(terminals, 4000, "/v/7/1/v130/1.m4s"), "v130");
    assert_string_equal(rendition_after(terminals, 5000, "/v/7/1/a24/1.m4s"), "v130");
    /* From here on only audio is fetched. It is shown once no video was fetched for more than a
     * minute. */
    assert_string_equal(rendition_after(terminals, 64000, "/v/7/1/a24/5.m4s"), "v130");
    assert_string_equal(rendition_after(terminals, 64001, "/v/7/1/a24/6.m4s"), "a24");
    assert_string_equal(rendition_after(terminals, 65000, "/v/7/1/v48/7.m4s"), "v48");
    /* Another lesson starts without history. */
    assert_string_equal(rendition_after(terminals, 66000, "/v/8/1/a24/0.m4s"), "a24");
    terminals_close(&terminals);
}

static void test_media_paths_are_parsed(void **state)
{
    static const struct {
        const char *path;
        int64_t lesson_id;
        const char *rendition; /* NULL: the path is not media */
    } cases[] = {
        {"/v/7/1/v220/3.m4s", 7, "v220"},
        {"/v/7/12/a32-2/index.m3u8", 7, "a32-2"},
        {"/v/7/1/master.m3u8", 7, ""},
        {"/v/7/1/poster.jpg", 0, NULL},
        {"/v/7/1/", 0, NULL},
        {"/v/7/1", 0, NULL},
        {"/v/7", 0, NULL},
        {"/v/", 0, NULL},
        {"/v", 0, NULL},
        {"/", 0, NULL},
        {"", 0, NULL},
        {"/v/x/1/v220/3.m4s", 0, NULL},
        {"/v/7/x/v220/3.m4s", 0, NULL},
        {"/v/-7/1/v220/3.m4s", 0, NULL},
        {"/v/99999999999999999999/1/v220/3.m4s", 0, NULL},
        {"/v/7/1/abcdefghijklmnopqrstuvwxyz0123456/3.m4s", 0, NULL},
        {"/w/7/1/v220/3.m4s", 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t lesson_id = 0;
        char rendition[TERMINAL_RENDITION_BYTES] = "";
        bool found = terminal_path_parse(cases[i].path, &lesson_id, rendition);
        if (found != (cases[i].rendition != NULL))
            print_error("\"%s\"\n", cases[i].path);
        assert_int_equal(found, cases[i].rendition != NULL);
        assert_int_equal(lesson_id, cases[i].lesson_id);
        assert_string_equal(rendition, cases[i].rendition ? cases[i].rendition : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_over_connections),
        cmocka_unit_test(test_the_longest_unseen_row_is_dropped),
        cmocka_unit_test(test_rows_are_sorted_by_last_seen),
        cmocka_unit_test(test_rate_follows_the_bytes),
        cmocka_unit_test(test_a_burst_after_a_pause_counts_as_one_second),
        cmocka_unit_test(test_polling_is_not_watching),
        cmocka_unit_test(test_link_rate_needs_enough_bytes),
        cmocka_unit_test(test_lesson_and_user_agent_are_shown),
        cmocka_unit_test(test_audio_beside_video_shows_the_video),
        cmocka_unit_test(test_media_paths_are_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
