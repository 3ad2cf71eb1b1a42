/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The planner by tables; texts and messages there and back, and cut or bent at every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/plan/job.h"
#include "transcoder/plan/message.h"

#define US 1000000LL

static struct media_info video_info(
    int width, int height, int fps_num, int fps_den, int64_t duration_us, int audio)
{
    struct media_info info = {
        .container = "mov,mp4",
        .title = "水稻 100% “好”\n",
        .duration_us = duration_us,
        .zero_us = -1234567,
        .seekable = true,
        .has_video = true,
        .video_codec = "h264",
        .coded_width = width,
        .coded_height = height,
        .sar_num = 1,
        .sar_den = 1,
        .fps_num = fps_num,
        .fps_den = fps_den,
        .video_start_us = 21000,
        .video_end_us = duration_us,
        .width = width,
        .height = height,
        .audio_count = audio,
    };
    for (int i = 0; i < audio; i++)
        info.audio[i] = (struct media_audio){.stream = i + 1,
            .codec = "aac",
            .language = "zh",
            .sample_rate = 44100,
            .channels = 2,
            .end_us = duration_us};
    return info;
}

static void test_rungs(void **state)
{
    (void)state;
    static const struct {
        int width, height;
        const char *rungs;
    } cases[] = {
        {1920, 1080, "v80 426x240, v130 640x360, v220 854x480, v400 960x540, v700 1280x720, "},
        {1280, 720, "v80 426x240, v130 640x360, v220 854x480, v400 960x540, v700 1280x720, "},
        {640, 360, "v80 426x240, v130 640x360, v220 640x360, "},
        {176, 144, "v80 176x144, "},
        {720, 1280, "v80 240x426, v130 360x640, v220 480x854, v400 540x960, v700 720x1280, "},
        {2, 2, "v80 2x2, "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct media_info info = video_info(cases[i].width, cases[i].height, 25, 1, 300 * US, 1);
        struct plan plan;
        char rungs[512] = "";
        assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), 0);
        for (size_t r = 0; r < plan.rendition_count; r++)
            if (plan.renditions[r].kind == PLAN_VIDEO) {
                size_t used = strlen(rungs);
                snprintf(rungs + used, sizeof(rungs) - used, "%s %dx%d, ", plan.renditions[r].name,
                    plan.renditions[r].width, plan.renditions[r].height);
                assert_in_range(
                    plan.renditions[r].video_cap_bps, 1, plan.renditions[r].cap_bps - 32000);
            }
        assert_string_equal(rungs, cases[i].rungs);
    }
}

/* Level 3.0: 1620 macroblocks, 40,500 a second. */
static void test_legacy(void **state)
{
    (void)state;
    static const struct {
        int width, height, fps_num, fps_den;
        int legacy_width, legacy_height, legacy_fps_num, legacy_fps_den;
    } cases[] = {
        {1280, 720, 25, 1, 720, 406, 25, 2},
        {1920, 1080, 30000, 1001, 720, 406, 30000, 2002},
        {720, 576, 25, 1, 720, 576, 25, 2},
        {768, 576, 25, 1, 720, 540, 25, 2},
        {640, 360, 15, 1, 640, 360, 15, 1},
        {720, 1280, 25, 1, 324, 576, 25, 2},
        {2, 2, 25, 1, 2, 2, 25, 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct media_info info = video_info(
            cases[i].width, cases[i].height, cases[i].fps_num, cases[i].fps_den, 300 * US, 2);
        struct plan plan;
        assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), 0);
        const struct plan_rendition *r = &plan.renditions[plan.rendition_count - 1];
        assert_int_equal(r->kind, PLAN_LEGACY);
        assert_string_equal(r->name, "ts220");
        assert_int_equal(r->cap_bps, 220000);
        assert_int_equal(r->width, cases[i].legacy_width);
        assert_int_equal(r->height, cases[i].legacy_height);
        assert_int_equal(r->fps_num, cases[i].legacy_fps_num);
        assert_int_equal(r->fps_den, cases[i].legacy_fps_den);
        assert_in_range(r->video_cap_bps, 150000, 188000);
        char text[4096];
        struct plan_rendition back;
        int length = plan_rendition_format(r, text, sizeof(text));
        assert_int_equal(plan_rendition_parse(text, (size_t)length, &back), 0);
        assert_memory_equal(r, &back, sizeof(back));
    }
    struct media_info sound = {.duration_us = 10 * US, .audio_count = 1};
    struct plan plan;
    assert_int_equal(plan_make(&sound, &(struct plan_options){0}, &plan), 0);
    assert_int_equal(plan.renditions[plan.rendition_count - 1].kind, PLAN_AUDIO);
}

static int parses(const struct job *job)
{
    struct job *back = malloc(sizeof(*back));
    char *text = malloc(JOB_TEXT_MAX_BYTES);
    int length = job_format(job, text, JOB_TEXT_MAX_BYTES);
    int result = job_parse(text, (size_t)length, back);
    free(text);
    free(back);
    return result;
}

/* A legacy job has the legacy rendition, then at most one of sound; nothing else. */
static void test_legacy_job(void **state)
{
    (void)state;
    struct job job = {
        .kind = JOB_LEGACY, .threads = 1, .info = video_info(1280, 720, 25, 1, 300 * US, 1)};
    struct plan plan;
    assert_int_equal(plan_make(&job.info, &job.options, &plan), 0);
    const struct plan_rendition *video = &plan.renditions[0],
                                *legacy = &plan.renditions[plan.rendition_count - 1],
                                *audio = legacy - 1;
    const struct plan_rendition *const cases[][3] = {{legacy, audio, NULL}, {legacy, NULL, NULL},
        {audio, legacy, NULL}, {audio, NULL, NULL}, {legacy, video, NULL}, {legacy, audio, audio}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        job.rendition_count = 0;
        for (size_t r = 0; r < 3 && cases[i][r]; r++)
            job.renditions[job.rendition_count++] = *cases[i][r];
        assert_int_equal(parses(&job), i < 2 ? 0 : -1);
    }
    job.rendition_count = 1;
    job.kind = (enum job_kind)4;
    assert_int_equal(parses(&job), -1);
}

static void test_no_streams_no_plan(void **state)
{
    (void)state;
    struct media_info info = {.duration_us = US};
    struct plan plan;
    assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), -1);
}

/* For every rate and length: boundaries rise, end at the end, and stand on frames of every
 * rendition. */
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
                video_info(1280, 720, rates[r][0], rates[r][1], lengths_us[l] + 21000, 1);
            struct plan plan;
            assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), 0);
            int64_t count = plan_segment_count(&plan), last_us = -1, last_frame = -1;
            double frame_us = 1e6 * rates[r][1] / rates[r][0];
            for (int64_t n = 0; n <= count; n++) {
                int64_t frame = plan_segment_start_frame(&plan, n),
                        time_us = plan_segment_start_us(&plan, n);
                assert_true(frame > last_frame && time_us > last_us);
                assert_int_equal(frame % 2, 0);
                if (n > 0)
                    assert_true(time_us - last_us <= 6.6 * US + 2 * frame_us);
                last_frame = frame;
                last_us = time_us;
            }
            assert_int_equal(last_frame, plan.frame_count);
            assert_true(llabs(last_us - (lengths_us[l] + 21000)) <= frame_us * 2);
            assert_int_equal(plan.chunk_count, (count + 9) / 10);
        }
}

static void test_audio_only(void **state)
{
    (void)state;
    struct media_info info = {.duration_us = 91 * US,
        .audio_count = 2,
        .audio = {{.sample_rate = 22050, .channels = 1},
            {.sample_rate = 48000, .channels = 2, .language = "en"}}};
    struct plan plan;
    assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), 0);
    assert_int_equal(plan.rendition_count, 2);
    assert_string_equal(plan.renditions[0].name, "a32");
    assert_string_equal(plan.renditions[1].name, "a32-2");
    assert_int_equal(plan_segment_count(&plan), 16);
    assert_int_equal(plan_segment_start_us(&plan, 16), 91 * US);
}

static void test_info_there_and_back(void **state)
{
    (void)state;
    struct media_info info = video_info(1280, 720, 30000, 1001, 300 * US, 3), back;
    char text[16384];
    int length = media_info_format(&info, text, sizeof(text));
    assert_true(length > 0);
    assert_int_equal(media_info_parse(text, (size_t)length, &back), 0);
    assert_memory_equal(&info, &back, sizeof(info));
    assert_int_equal(media_info_format(&info, text, (size_t)length), -1);
}

static struct job make_job(void)
{
    struct job job = {.kind = JOB_VIDEO,
        .threads = 2,
        .chunk = 3,
        .info = video_info(1280, 720, 25, 1, 300 * US, 1)};
    struct plan plan;
    assert_int_equal(plan_make(&job.info, &job.options, &plan), 0);
    for (size_t i = 0; i < plan.rendition_count; i++)
        if (plan.renditions[i].kind == PLAN_VIDEO)
            job.renditions[job.rendition_count++] = plan.renditions[i];
    return job;
}

static void test_job_there_and_back(void **state)
{
    (void)state;
    struct job job = make_job(), back;
    char *text = malloc(JOB_TEXT_MAX_BYTES);
    int length = job_format(&job, text, JOB_TEXT_MAX_BYTES);
    assert_true(length > 0);
    assert_int_equal(job_parse(text, (size_t)length, &back), 0);
    assert_int_equal(back.rendition_count, job.rendition_count);
    assert_memory_equal(&job.info, &back.info, sizeof(job.info));
    assert_memory_equal(job.renditions, back.renditions, sizeof(job.renditions));
    /* Cut anywhere it is refused; bent anywhere it is refused or read, and nothing worse. */
    for (int cut = 0; cut < length; cut++) {
        char *part = malloc((size_t)cut + 1);
        memcpy(part, text, (size_t)cut);
        assert_int_equal(job_parse(part, (size_t)cut, &back), -1);
        free(part);
    }
    for (int at = 0; at < length; at++)
        for (int bit = 0; bit < 8; bit++) {
            text[at] = (char)(text[at] ^ (1 << bit));
            job_parse(text, (size_t)length, &back);
            text[at] = (char)(text[at] ^ (1 << bit));
        }
    free(text);
}

static void test_names_stay_inside(void **state)
{
    (void)state;
    struct job job = {.kind = JOB_PROBE, .threads = 1}, back;
    static const char *const names[] = {"", "../evil", ".hidden", "a/b"};
    char text[4096];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(job.remux_name, sizeof(job.remux_name), "%s", names[i]);
        int length = job_format(&job, text, sizeof(text));
        assert_true(length > 0);
        assert_int_equal(job_parse(text, (size_t)length, &back), -1);
    }
}

static void test_messages(void **state)
{
    (void)state;
    struct message_segment segments[] = {{0, 60, 76800, 20}, {60, 40, 50000, 10}};
    struct message cases[] = {
        {.type = MESSAGE_PROGRESS, .permille = 1000},
        {.type = MESSAGE_PROBED,
            .info = video_info(640, 360, 25, 1, 10 * US, 1),
            .remuxed_bytes = 5},
        {.type = MESSAGE_INIT, .rendition = "v80", .bytes = 700, .codecs = "avc1.640015"},
        {.type = MESSAGE_CHUNK,
            .rendition = "v80",
            .chunk = 7,
            .bytes = 100,
            .segments = segments,
            .segment_count = 2},
        {.type = MESSAGE_POSTER},
        {.type = MESSAGE_FAILED, .reason = REASON_NOT_MEDIA, .detail = "不是视频"},
        {.type = MESSAGE_DONE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(cases[i].sha256, 'a', 64);
        uint8_t *bytes;
        size_t count;
        struct message back;
        assert_int_equal(message_encode(&cases[i], &bytes, &count), 0);
        assert_int_equal(message_decode(bytes, count, &back), (long)count);
        assert_int_equal(back.type, cases[i].type);
        assert_int_equal(back.reason, cases[i].reason);
        assert_int_equal(back.segment_count, cases[i].segment_count);
        assert_string_equal(back.rendition, cases[i].rendition);
        assert_string_equal(back.detail, cases[i].detail);
        message_clear(&back);
        for (size_t cut = 0; cut < count; cut++) {
            assert_int_equal(message_decode(bytes, cut, &back), 0);
            message_clear(&back);
        }
        for (size_t at = 0; at < count * 8; at++) {
            bytes[at / 8] ^= (uint8_t)(1 << (at % 8));
            message_decode(bytes, count, &back);
            message_clear(&back);
            bytes[at / 8] ^= (uint8_t)(1 << (at % 8));
        }
        free(bytes);
    }
}

static void test_segments_must_add_up(void **state)
{
    (void)state;
    struct message_segment segments[] = {{0, 60, 76800, 20}, {61, 39, 50000, 10}};
    struct message message = {.type = MESSAGE_CHUNK,
                       .rendition = "v80",
                       .bytes = 100,
                       .segments = segments,
                       .segment_count = 2},
                   back;
    memset(message.sha256, 'a', 64);
    uint8_t *bytes;
    size_t count;
    assert_int_equal(message_encode(&message, &bytes, &count), 0);
    assert_int_equal(message_decode(bytes, count, &back), -1);
    free(bytes);
}

static void test_reasons(void **state)
{
    (void)state;
    for (int i = 0; i < REASON_COUNT; i++) {
        assert_non_null(reason_name((enum reason)i));
        assert_int_equal(reason_parse(reason_name((enum reason)i)), i);
        assert_true(strlen(reason_text((enum reason)i, REASON_ZH)) > 6);
        assert_true(strlen(reason_text((enum reason)i, REASON_EN)) > 6);
    }
    assert_null(reason_name(REASON_COUNT));
    assert_int_equal(reason_parse("nonsense"), REASON_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rungs),
        cmocka_unit_test(test_legacy),
        cmocka_unit_test(test_legacy_job),
        cmocka_unit_test(test_no_streams_no_plan),
        cmocka_unit_test(test_boundaries),
        cmocka_unit_test(test_audio_only),
        cmocka_unit_test(test_info_there_and_back),
        cmocka_unit_test(test_job_there_and_back),
        cmocka_unit_test(test_names_stay_inside),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_segments_must_add_up),
        cmocka_unit_test(test_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
