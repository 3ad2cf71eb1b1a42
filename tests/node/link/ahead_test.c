/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who fetches far ahead of playback, and who only seems to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "node/link/ahead.h"

#define MINUTE INT64_C(60000)
#define SEGMENT "/v/7/1/v220/3.m4s"

static int set_up(void **state)
{
    return ahead_open((struct ahead **)state);
}

static int tear_down(void **state)
{
    ahead_close((struct ahead **)state);
    return 0;
}

static void test_a_viewer_is_not_far_ahead(void **state)
{
    struct ahead *ahead = *state;
    /* hls.js fills its buffer with 10 min, then plays at double speed. */
    ahead_note(ahead, "10.0.0.1", SEGMENT, 0, 10 * MINUTE, 1000);
    for (int64_t at = 0; at < 60 * MINUTE; at += 6000) {
        ahead_note(
            ahead, "10.0.0.1", SEGMENT, 10 * MINUTE + at, 10 * MINUTE + at + 6000, 1000 + at / 2);
        assert_false(ahead_is_far(ahead, "10.0.0.1", SEGMENT, 1000 + at / 2));
    }
}

static void test_many_viewers_of_a_lesson_behind_one_address_are_not(void **state)
{
    struct ahead *ahead = *state;
    for (int64_t at = 0; at < 40 * MINUTE; at += 6000)
        for (int viewer = 0; viewer < 30; viewer++) {
            int64_t position = at - viewer * 3000;
            if (position >= 0)
                ahead_note(ahead, "10.0.0.1", SEGMENT, position, position + 6000, at);
            assert_false(ahead_is_far(ahead, "10.0.0.1", SEGMENT, at));
        }
}

static void test_segments_and_the_file_are_one_rendition(void **state)
{
    static const char *const others[] = {"/v/7/1/v48/3.m4s", "/v/7/2/v220.mp4", "/v/8/1/v220.mp4",
        "/v/7/1/poster.jpg", "/v/7/1/", "/v/7", "/v/", "/", ""};
    struct ahead *ahead = *state;
    for (int i = 0; i < 100; i++)
        ahead_note(ahead, "10.0.0.1", i % 2 ? SEGMENT : "/v/7/1/v220.mp4", i * 10000,
            i * 10000 + 10000, 1000);
    assert_true(ahead_is_far(ahead, "10.0.0.1", SEGMENT, 1000));
    assert_true(ahead_is_far(ahead, "10.0.0.1", "/v/7/1/v220.mp4", 1000));
    assert_false(ahead_is_far(ahead, "10.0.0.2", SEGMENT, 1000));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(ahead_is_far(ahead, "10.0.0.1", others[i], 1000));
}

/* The parts come in any order, and from ranges of any size. */
static void test_the_order_does_not_matter(void **state)
{
    struct ahead *ahead = *state;
    for (int i = 99; i >= 0; i--) {
        ahead_note(ahead, "10.0.0.1", SEGMENT, i * 10000, i * 10000 + 1, 1000);
        ahead_note(ahead, "10.0.0.1", SEGMENT, i * 10000 + 1, i * 10000 + 10000, 1000);
        assert_int_equal(ahead_is_far(ahead, "10.0.0.1", SEGMENT, 1000), i < 10);
    }
}

static void test_a_download_counts_again_after_an_hour(void **state)
{
    struct ahead *ahead = *state;
    ahead_note(ahead, "10.0.0.1", SEGMENT, 0, 30 * MINUTE, 1000);
    assert_true(ahead_is_far(ahead, "10.0.0.1", SEGMENT, 1000));
    ahead_note(ahead, "10.0.0.1", SEGMENT, 0, 30 * MINUTE, 30 * MINUTE);
    assert_false(ahead_is_far(ahead, "10.0.0.1", SEGMENT, 30 * MINUTE));
    ahead_note(ahead, "10.0.0.1", SEGMENT, 0, 30 * MINUTE, 91 * MINUTE);
    assert_true(ahead_is_far(ahead, "10.0.0.1", SEGMENT, 91 * MINUTE));
}

static void test_the_table_is_bounded(void **state)
{
    struct ahead *ahead = *state;
    char path[120];
    ahead_note(ahead, "10.0.0.1", SEGMENT, 0, 30 * MINUTE, 1000);
    for (int i = 0; i < 20000; i++) {
        snprintf(path, sizeof(path), "/v/%d/1/v48/1.m4s", i);
        ahead_note(ahead, "10.0.0.2", path, 0, i == 0 ? INT64_MAX : 20 * MINUTE, 1000);
        assert_true(ahead_is_far(ahead, "10.0.0.2", path, 1000));
    }
    assert_false(ahead_is_far(ahead, "10.0.0.1", SEGMENT, 1000));
    snprintf(path, sizeof(path), "/v/1/1/%090d.mp4", 1);
    ahead_note(ahead, "10.0.0.2", path, 0, 30 * MINUTE, 1000);
    assert_false(ahead_is_far(ahead, "10.0.0.2", path, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_viewer_is_not_far_ahead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_many_viewers_of_a_lesson_behind_one_address_are_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_segments_and_the_file_are_one_rendition, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_order_does_not_matter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_download_counts_again_after_an_hour, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_table_is_bounded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
