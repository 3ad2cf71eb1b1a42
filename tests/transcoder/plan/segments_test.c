/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks where segments and chunks begin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transcoder/plan/planner.h"

#define US 1000000LL

static struct media_info lesson(int fps_num, int fps_den, int64_t duration_us, int media_class)
{
    return (struct media_info){
        .duration_us = duration_us,
        .has_video = true,
        .sar_num = 1,
        .sar_den = 1,
        .fps_num = fps_num,
        .fps_den = fps_den,
        .video_start_us = 21000,
        .width = 640,
        .height = 360,
        .audio_count = 1,
        .audio = {{.sample_rate = 48000, .channels = 2}},
        .stretch_count = 1,
        .stretches = {{0, media_class}},
    };
}

static struct plan make(const struct media_info *info)
{
    struct plan plan;
    assert_int_equal(plan_make(info, &(struct plan_options){0}, &plan), 0);
    return plan;
}

static double length_s(const struct plan *plan, int segment)
{
    return (double)(plan_segment_start_us(plan, segment + 1) -
                    plan_segment_start_us(plan, segment)) /
           1e6;
}

/* For every frame rate and duration: boundaries rise, the last one is the end, each is on a
 * frame of every rendition, and the chunks contain all segments. */
static void test_boundaries(void **state)
{
    (void)state;
    static const int rates[][2] = {{25, 1}, {24000, 1001}, {30000, 1001}, {30, 1}, {10, 1}, {25, 2},
        {45000, 1501}, {5, 1}, {1, 1}};
    static const int64_t lengths_us[] = {
        100000, US, 6 * US, 6 * US + 300000, 59 * US, 60 * US, 61 * US, 305 * US, 3 * 3600 * US};
    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++)
        for (size_t l = 0; l < sizeof(lengths_us) / sizeof(lengths_us[0]); l++) {
            struct media_info info =
                lesson(rates[r][0], rates[r][1], lengths_us[l] + 21000, MEDIA_SLIDES);
            struct plan plan = make(&info);
            int unit = plan_few_frames(&info), covered = 0;
            double frame_us = 1e6 * rates[r][1] / rates[r][0];
            for (int n = 0; n < plan.segment_count; n++) {
                assert_int_equal(plan_segment_start_frame(&plan, n) % unit, 0);
                assert_true(length_s(&plan, n) > 0);
                assert_true(length_s(&plan, n) <= 20.0 + unit * frame_us / 1e6);
            }
            assert_int_equal(plan_segment_start_frame(&plan, plan.segment_count), plan.frame_count);
            assert_true(llabs(plan_segment_start_us(&plan, plan.segment_count) -
                              (lengths_us[l] + 21000)) <= frame_us);
            for (int chunk = 0; chunk < plan.chunk_count; chunk++) {
                int first, end;
                plan_chunk_segments(&plan, &(struct plan_options){0}, chunk, &first, &end);
                assert_int_equal(first, covered);
                assert_true(end > first);
                covered = end;
            }
            assert_int_equal(covered, plan.segment_count);
        }
}

static void test_lengths_by_class(void **state)
{
    (void)state;
    static const double longest_s[] = {[MEDIA_SLIDES] = 20, [MEDIA_HEAD] = 16, [MEDIA_MOTION] = 10};
    for (int class = MEDIA_SLIDES; class <= MEDIA_MOTION; class ++) {
        struct media_info info = lesson(25, 1, 600 * US, class);
        struct plan plan = make(&info);
        assert_true(length_s(&plan, 0) <= 4 && length_s(&plan, 1) <= 6 && length_s(&plan, 2) <= 10);
        assert_true(length_s(&plan, 5) <= longest_s[class]);
        assert_true(length_s(&plan, 5) > longest_s[class] - 0.2);
    }
}

/* The next boundary is the last cut that is at least six seconds after the boundary before it and
 * within the longest length. */
static void test_cuts(void **state)
{
    (void)state;
    struct media_info info = lesson(25, 1, 300 * US, MEDIA_SLIDES);
    const int64_t cuts_us[] = {30 * US, 33 * US, 47 * US + 10000, 50 * US, 90 * US};
    info.cut_count = 5;
    memcpy(info.cuts_us, cuts_us, sizeof(cuts_us));
    struct plan plan = make(&info);
    int found[5] = {0};
    for (int n = 0; n <= plan.segment_count; n++)
        for (int c = 0; c < 5; c++) {
            int64_t late_us = plan_segment_start_us(&plan, n) - cuts_us[c];
            found[c] |= late_us >= 0 && late_us < 200000;
        }
    assert_true(found[0] || found[1]);
    assert_true(found[2] || found[3]);
    assert_true(found[4]);
    for (int n = 3; n + 1 < plan.segment_count; n++)
        assert_true(length_s(&plan, n) >= 6 && length_s(&plan, n) <= 20);
}

static void test_short_tail(void **state)
{
    (void)state;
    for (int64_t length_us = 20 * US; length_us < 80 * US; length_us += 300000) {
        struct media_info info = lesson(25, 1, length_us, MEDIA_SLIDES);
        struct plan plan = make(&info);
        assert_true(length_s(&plan, plan.segment_count - 1) >= 1.8);
    }
}

static void test_too_many(void **state)
{
    (void)state;
    struct media_info info = lesson(25, 1, 1000LL * 3600 * US, MEDIA_MOTION);
    struct plan plan;
    assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boundaries),
        cmocka_unit_test(test_lengths_by_class),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_short_tail),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
