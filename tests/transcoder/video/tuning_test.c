/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks that the encoders know every parameter in the tuning of a plan. FFmpeg only logs a warning
 * about an unknown one, and the encodes get worse without notice. */
#include <libavutil/log.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/transcoder/sample_info.h"
#include "transcoder/plan/planner.h"
#include "transcoder/video/encoder.h"
#include "transcoder/video/h264.h"
#include "transcoder/video/svtav1.h"

static int refused_options;

static void count_refused_options(void *object, int level, const char *format, va_list args)
{
    (void)object;
    (void)args;
    if (level <= AV_LOG_WARNING && strstr(format, "Error parsing option"))
        refused_options++;
}

static void open_h264(const struct rendition *r, const char *tuning)
{
    AVCodecContext *encoder = NULL;
    struct h264_params params = {
        .width = r->width,
        .height = r->height,
        .frame_rate = {r->fps_num, r->fps_den},
        .crf_x10 = r->crf_x10,
        .preset = r->preset,
        .tuning = tuning,
        .legacy = r->kind == RENDITION_LEGACY,
        .rate_bps = r->segment_cap_bps,
        .colours = {AVCOL_SPC_BT709, AVCOL_PRI_BT709, AVCOL_TRC_BT709},
    };
    assert_int_equal(h264_open(&encoder, &params), 0);
    encoder_close(&encoder);
}

static void open_av1(const struct rendition *r, const char *tuning)
{
    AVCodecContext *encoder = NULL;
    struct av1_params params = {
        .width = r->width,
        .height = r->height,
        .frame_rate = {r->fps_num, r->fps_den},
        .crf = 40,
        .preset = PLAN_AV1_PRESET,
        .tuning = tuning,
        .colours = {AVCOL_SPC_BT709, AVCOL_PRI_BT709, AVCOL_TRC_BT709},
    };
    assert_int_equal(av1_open(&encoder, &params), 0);
    encoder_close(&encoder);
}

static void open_encoders_of_plan(struct media_info *info, bool *kinds)
{
    struct plan plan;
    add_trials(info, slides_trials, sizeof(slides_trials) / sizeof(slides_trials[0]));
    assert_int_equal(plan_make(info, &(struct plan_options){0}, &plan), 0);
    for (size_t i = 0; i < plan.rendition_count; i++) {
        const struct rendition *r = &plan.renditions[i];
        kinds[r->kind] = true;
        if (r->kind == RENDITION_LEGACY || r->kind == RENDITION_VIDEO)
            r->video_codec == VIDEO_AV1 ? open_av1(r, r->tuning) : open_h264(r, r->tuning);
        if (refused_options)
            fail_msg("%s: an encoder does not know all of \"%s\"", r->name, r->tuning);
    }
}

static void test_encoders_know_the_tuning_of_plans(void **state)
{
    static const int sizes[][3] = {
        {1920, 1080, 25}, {1280, 720, 30}, {640, 480, 5}, {320, 180, 25}};
    static const struct rendition small = {.width = 320, .height = 180, .fps_num = 5, .fps_den = 1};
    bool kinds[RENDITION_LEGACY + 1] = {false};
    (void)state;
    open_av1(&small, PLAN_AV1_TUNING);
    assert_int_equal(refused_options, 0);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct media_info info = video_info(sizes[i][0], sizes[i][1], sizes[i][2], 1, 60 * US, 1);
        open_encoders_of_plan(&info, kinds);
    }
    assert_true(kinds[RENDITION_VIDEO] && kinds[RENDITION_LEGACY]);
}

/* Otherwise the test above could not fail. */
static void test_unknown_parameters_are_noticed(void **state)
{
    const struct rendition r = {.width = 160,
        .height = 90,
        .fps_num = 5,
        .fps_den = 1,
        .crf_x10 = 260,
        .preset = "veryfast"};
    (void)state;
    open_h264(&r, "error-lookahead=3");
    assert_int_equal(refused_options, 1);
    refused_options = 0;
    open_av1(&r, "screen=1");
    assert_int_equal(refused_options, 1);
    refused_options = 0;
}

static int watch_log(void **state)
{
    (void)state;
    av_log_set_callback(count_refused_options);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_parameters_are_noticed),
        cmocka_unit_test(test_encoders_know_the_tuning_of_plans),
    };
    return cmocka_run_group_tests(tests, watch_log, NULL);
}
