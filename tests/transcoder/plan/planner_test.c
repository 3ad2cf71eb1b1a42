/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks the planner by tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/transcoder/sample_info.h"
#include "transcoder/plan/planner.h"
#include "transcoder/protocol/job.h"

/* The results of trial encodes of a speaker who fills the picture: measured and rounded. */
static const struct media_trial speaker_trials[] = {
    {480, 1, 26, 22000, 420000, 16000, 0},
    {480, 1, 38, 7000, 90000, 10500, 0},
    {480, 2, 26, 22000, 320000, 14000, 0},
    {480, 2, 38, 7000, 70000, 10000, 0},
    {240, 1, 26, 8000, 130000, 10800, 0},
    {240, 1, 38, 3000, 30000, 8400, 0},
    {240, 2, 26, 8000, 100000, 10500, 0},
    {240, 2, 38, 3000, 24000, 8300, 0},
};

/* The results of trial encodes of a screen that is still except for bursts of motion, which a low
 * frame rate cannot show. */
static const struct media_trial screen_trials[] = {
    {480, 1, 26, 5200, 61600, 26800, 0},
    {480, 1, 26, 3400, 263000, 19900, 1},
    {480, 1, 38, 2600, 11300, 18400, 0},
    {480, 1, 38, 1800, 62000, 12000, 1},
    {480, 4, 26, 6200, 40000, 25600, 0},
    {480, 4, 26, 4200, 84700, 8500, 1},
    {480, 4, 38, 3000, 8400, 17900, 0},
    {480, 4, 38, 2200, 26800, 8500, 1},
};

static void describe_rungs(const struct plan *plan, char *out, size_t out_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < plan->rendition_count; i++) {
        const struct rendition *r = &plan->renditions[i];
        if (r->kind == RENDITION_VIDEO)
            used += (size_t)snprintf(out + used, out_bytes - used, "%s %dx%d/%d, ", r->name,
                r->width, r->height, plan_divisor(plan, r));
    }
}

static void test_rungs(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int width, height;
        const struct media_trial *trials;
        size_t trial_count;
        const char *rungs;
        int busy_permille;
    } cases[] = {
        {"slides stay large and get few frames; above 130 nothing is gained", 1280, 720,
            slides_trials, 8, "v48 1280x720/4, v80 1280x720/4, v130 1280x720/1, ", 0},
        {"a speaker is small, then large, then moves", 640, 480, speaker_trials, 8,
            "v48 320x240/2, v80 320x240/2, v130 640x480/1, v220 640x480/1, v400 640x480/1, "
            "v700 640x480/1, ",
            0},
        {"what moves on a screen wants all frames, and rungs of its own", 854, 480, screen_trials,
            8, "v48 854x480/1, v80 854x480/1, v130 854x480/1, ", 500},
        {"what moves seldom fits under the cap anyhow: no third that is the second once more", 854,
            480, screen_trials, 8, "v48 854x480/1, v80 854x480/1, ", 90},
        {"nothing could be tried", 1920, 1080, NULL, 0,
            "v48 640x360/4, v80 640x360/4, v130 854x480/1, v220 854x480/1, v400 1280x720/1, "
            "v700 1280x720/1, ",
            0},
        {"nothing is made larger than it was", 176, 144, NULL, 0,
            "v48 176x144/4, v80 176x144/4, v130 176x144/1, v220 176x144/1, v400 176x144/1, "
            "v700 176x144/1, ",
            0},
        {"upright", 720, 1280, NULL, 0,
            "v48 360x640/4, v80 360x640/4, v130 480x854/1, v220 480x854/1, v400 720x1280/1, "
            "v700 720x1280/1, ",
            0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct media_info info = video_info(cases[i].width, cases[i].height, 25, 1, 300 * US, 1);
        struct plan plan;
        char rungs[512];
        info.busy_permille = cases[i].busy_permille;
        if (cases[i].trials)
            add_trials(&info, cases[i].trials, cases[i].trial_count);
        assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), 0);
        describe_rungs(&plan, rungs, sizeof(rungs));
        if (strcmp(rungs, cases[i].rungs) != 0)
            fail_msg("%s: %s instead of %s", cases[i].what, rungs, cases[i].rungs);
        for (size_t r = 0; r < plan.rendition_count; r++)
            if (plan.renditions[r].kind == RENDITION_VIDEO)
                assert_in_range(plan.renditions[r].segment_cap_bps, 1,
                    plan.renditions[r].cap_bps * 105 / 100 - 24000);
    }
}

/* A lesson that begins with slides. slides_permille: the length of that part, in thousandths. */
static struct media_info slides_info(int width, int height, int slides_permille)
{
    struct media_info info = video_info(width, height, 25, 1, 300 * US, 1);
    info.stretch_count = slides_permille < 1000 ? 2 : 1;
    info.stretches[0] = (struct media_stretch){0, MEDIA_SLIDES};
    info.stretches[1] = (struct media_stretch){300 * US / 1000 * slides_permille, MEDIA_HEAD};
    add_trials(&info, slides_trials, 8);
    return info;
}

static void test_av1(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int slides_permille, saving_permille, fine_height;
        const char *rungs;
    } cases[] = {
        {"slides, much saved", 1000, 300, 720,
            "v48 1280x720/4, v80 1280x720/4, v130 1280x720/1, av48 1280x720/4, av80 1280x720/4, "},
        {"just enough of both", 700, 150, 720,
            "v48 1280x720/4, v80 1280x720/4, v130 1280x720/1, av48 1280x720/4, av80 1280x720/4, "},
        {"too few slides", 690, 300, 720, "v48 1280x720/4, v80 1280x720/4, v130 1280x720/1, "},
        {"too little saved", 1000, 149, 720, "v48 1280x720/4, v80 1280x720/4, v130 1280x720/1, "},
        {"AV1 takes more", 1000, -200, 720, "v48 1280x720/4, v80 1280x720/4, v130 1280x720/1, "},
        {"not tried", 1000, 0, 720, "v48 1280x720/4, v80 1280x720/4, v130 1280x720/1, "},
        {"where H.264 is better large than AV1 may be, there is none", 1000, 300, 1080,
            "v48 1920x1080/4, v80 1920x1080/4, v130 1920x1080/1, "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int height = cases[i].fine_height;
        struct media_info info = slides_info(height * 16 / 9, height, cases[i].slides_permille);
        struct plan plan;
        char rungs[512];
        info.av1_saving_permille = cases[i].saving_permille;
        for (int t = 0; t < 4; t++)
            info.trials[t].height = height;
        assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), 0);
        describe_rungs(&plan, rungs, sizeof(rungs));
        if (strcmp(rungs, cases[i].rungs) != 0)
            fail_msg("%s: %s instead of %s", cases[i].what, rungs, cases[i].rungs);
        assert_int_equal(plan_make(&info, &(struct plan_options){.no_av1 = true}, &plan), 0);
        describe_rungs(&plan, rungs, sizeof(rungs));
        assert_null(strstr(rungs, "av"));
    }
}

static const struct rendition *find_rendition(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->rendition_count; i++)
        if (strcmp(plan->renditions[i].name, name) == 0)
            return &plan->renditions[i];
    fail_msg("no %s", name);
    return NULL;
}

/* AV1 renditions have groups of their own after all others, and whole CRFs. They are expected to
 * need about as many bits as H.264 with the same cap. */
static void test_av1_renditions(void **state)
{
    (void)state;
    struct media_info info = slides_info(1280, 720, 1000);
    struct plan plan;
    char text[4096];
    info.av1_saving_permille = 300;
    assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), 0);
    const struct rendition *h264 = find_rendition(&plan, "v48"),
                           *av48 = find_rendition(&plan, "av48"),
                           *av80 = find_rendition(&plan, "av80");
    assert_int_equal(av48->group, plan.group_count - 2);
    assert_int_equal(av80->group, plan.group_count - 1);
    assert_true(find_rendition(&plan, "v130")->group < av48->group);
    assert_int_equal(av48->video_codec, VIDEO_AV1);
    assert_int_equal(h264->video_codec, VIDEO_H264);
    assert_int_equal(av48->cap_bps, h264->cap_bps);
    assert_int_equal(av48->segment_cap_bps, h264->segment_cap_bps);
    assert_int_equal(av48->crf_x10 % 10, 0);
    assert_in_range(av48->crf_x10, av80->crf_x10 + 10, 630);
    struct plan_expectation expected = plan_expect(&info, av48, av48->crf_x10 / 10.0),
                            beside = plan_expect(&info, h264, h264->crf_x10 / 10.0);
    double ratio = (expected.keyframe_bytes + expected.rest_bps * 2) /
                   (beside.keyframe_bytes + beside.rest_bps * 2);
    assert_true(ratio > 0.8 && ratio < 1.1);
    struct rendition back;
    int length = rendition_format(av48, text, sizeof(text));
    assert_int_equal(rendition_parse(text, (size_t)length, &back), 0);
    assert_memory_equal(av48, &back, sizeof(back));
    /* This CRF is beyond the range of x264. */
    struct rendition odd = *av48;
    odd.video_codec = VIDEO_H264;
    odd.crf_x10 = 520;
    length = rendition_format(&odd, text, sizeof(text));
    assert_int_equal(rendition_parse(text, (size_t)length, &back), -1);
}

/* A higher cap gives a finer CRF. Caps in the options replace the default ones. */
static void test_caps(void **state)
{
    (void)state;
    struct media_info info = video_info(1280, 720, 25, 1, 300 * US, 1);
    struct plan plan;
    char rungs[512];
    add_trials(&info, slides_trials, 8);
    struct plan_options options = {.caps_bps = {60000, 90000}};
    assert_int_equal(plan_make(&info, &options, &plan), 0);
    describe_rungs(&plan, rungs, sizeof(rungs));
    assert_string_equal(rungs, "v60 1280x720/4, v90 1280x720/4, ");
    assert_true(plan.renditions[1].crf_x10 < plan.renditions[0].crf_x10);
}

/* The units of work cover each chunk of each group once. The group of the lowest rung comes
 * first, and the first chunk is short. */
static void test_work(void **state)
{
    (void)state;
    struct media_info info = video_info(1920, 1080, 25, 1, 300 * US, 1);
    struct plan plan;
    assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), 0);
    assert_int_equal(plan.chunk_count, 6);
    int first, end;
    plan_chunk_segments(&plan, &(struct plan_options){0}, 0, &first, &end);
    assert_int_equal(first, 0);
    assert_true(plan_segment_start_us(&plan, end) <= 20 * US);
    assert_true(plan.group_count > 1);
    assert_int_equal(plan.renditions[0].group, 0);
    for (int n = 0; n < plan.chunk_count * plan.group_count; n++) {
        assert_int_equal(plan_work(&plan, n).chunk, n % 6);
        assert_int_equal(plan_work(&plan, n).group, n / 6);
    }
}

/* Level 3.0 allows 1620 macroblocks, and 40,500 a second. */
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
        /* Segments begin on every third, sixth or second frame. */
        {640, 360, 18, 1, 640, 360, 18, 1},
        {640, 360, 30, 1, 640, 360, 30, 2},
        {640, 360, 12, 1, 640, 360, 12, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct media_info info = video_info(
            cases[i].width, cases[i].height, cases[i].fps_num, cases[i].fps_den, 300 * US, 2);
        struct plan plan;
        assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), 0);
        const struct rendition *r = &plan.renditions[plan.rendition_count - 1];
        assert_int_equal(r->kind, RENDITION_LEGACY);
        assert_string_equal(r->name, "ts220");
        assert_int_equal(r->cap_bps, 220000);
        assert_int_equal(r->width, cases[i].legacy_width);
        assert_int_equal(r->height, cases[i].legacy_height);
        assert_int_equal(r->fps_num, cases[i].legacy_fps_num);
        assert_int_equal(r->fps_den, cases[i].legacy_fps_den);
        assert_in_range(r->segment_cap_bps, 150000, 188000);
        int divisor = plan_divisor(&plan, r);
        for (int n = 0; n < plan.segment_count; n++)
            assert_int_equal(plan_segment_start_frame(&plan, n) % divisor, 0);
        char text[4096];
        struct rendition back;
        int length = rendition_format(r, text, sizeof(text));
        assert_int_equal(rendition_parse(text, (size_t)length, &back), 0);
        assert_memory_equal(r, &back, sizeof(back));
    }
    struct media_info audio_only = {.duration_us = 10 * US, .audio_count = 1};
    struct plan plan;
    assert_int_equal(plan_make(&audio_only, &(struct plan_options){0}, &plan), 0);
    assert_int_equal(plan.renditions[plan.rendition_count - 1].kind, RENDITION_AUDIO);
}

static void test_no_streams_no_plan(void **state)
{
    (void)state;
    struct media_info info = {.duration_us = US};
    struct plan plan;
    assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), -1);
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
    /* All tracks in AAC come first, then all tracks in Opus. */
    static const char *const names[] = {"a24", "a24-2", "o20", "o20-2"};
    assert_int_equal(plan.rendition_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(plan.renditions[i].name, names[i]);
        assert_int_equal(plan.renditions[i].source_audio, i % 2);
        assert_int_equal(plan.renditions[i].audio_codec, i < 2 ? AUDIO_AAC : AUDIO_OPUS);
    }
    assert_int_equal(plan_segment_start_us(&plan, plan.segment_count), 91 * US);
}

static void test_text(void **state)
{
    (void)state;
    struct media_info info = video_info(640, 360, 25, 1, 60 * US, 1);
    struct plan plan;
    char text[4096];
    add_text(&info);
    assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), 0);
    /* The subtitles come before the legacy rendition, which is the last one. */
    const struct rendition *r = &plan.renditions[plan.rendition_count - 3];
    assert_string_equal(r[0].name, "s1");
    assert_string_equal(r[0].language, "zh");
    assert_string_equal(r[1].name, "s2");
    for (int i = 0; i < 2; i++) {
        struct rendition back;
        assert_int_equal(r[i].kind, RENDITION_TEXT);
        assert_int_equal(r[i].source_text, i);
        int length = rendition_format(&r[i], text, sizeof(text));
        assert_int_equal(rendition_parse(text, (size_t)length, &back), 0);
        assert_memory_equal(&r[i], &back, sizeof(back));
    }
    /* A job for a track that does not exist is refused. */
    struct job *job = calloc(1, sizeof(*job)), *back = calloc(1, sizeof(*back));
    char *job_text = malloc(JOB_TEXT_MAX_BYTES);
    *job = (struct job){.kind = JOB_TEXT, .threads = 1, .info = info, .rendition_count = 1};
    job->renditions[0] = r[1];
    for (int tracks = 2; tracks >= 1; tracks--) {
        job->info.text_count = tracks;
        int length = job_format(job, job_text, JOB_TEXT_MAX_BYTES);
        assert_true(length > 0);
        assert_int_equal(job_parse(job_text, (size_t)length, back), tracks == 2 ? 0 : -1);
    }
    free(job_text);
    free(job);
    free(back);
}

static void test_levels(void **state)
{
    (void)state;
    static const struct {
        struct media_audio audio;
        int gain, target, reduction;
    } cases[] = {
        /* Quiet and loud speech in a quiet room. */
        {{.sound = MEDIA_SOUND_SPEECH, .loudness_lufs_x100 = -2850, .noise_dbfs_x100 = -6000}, 1250,
            -1600, 0},
        {{.sound = MEDIA_SOUND_SPEECH, .loudness_lufs_x100 = -350, .noise_dbfs_x100 = -4000}, -1250,
            -1600, 0},
        /* The highest gain, and tracks that stay as they are. */
        {{.sound = MEDIA_SOUND_SPEECH, .loudness_lufs_x100 = -4400, .noise_dbfs_x100 = -8000}, 2000,
            -2400, 0},
        {{.sound = MEDIA_SOUND_OTHER, .loudness_lufs_x100 = -5001, .noise_dbfs_x100 = -8000}, 0, 0,
            0},
        {{.sound = MEDIA_SOUND_SILENCE, .loudness_lufs_x100 = -7000, .noise_dbfs_x100 = -12000}, 0,
            0, 0},
        {{.sound = MEDIA_SOUND_UNKNOWN}, 0, 0, 0},
        /* Noise: hardly any, some, much; not measurable because there are no pauses; music. */
        {{.sound = MEDIA_SOUND_SPEECH, .loudness_lufs_x100 = -2000, .noise_dbfs_x100 = -4700}, 400,
            -1600, 0},
        {{.sound = MEDIA_SOUND_SPEECH, .loudness_lufs_x100 = -2000, .noise_dbfs_x100 = -4600}, 400,
            -1600, 4},
        {{.sound = MEDIA_SOUND_SPEECH, .loudness_lufs_x100 = -2000, .noise_dbfs_x100 = -3000}, 400,
            -1600, 12},
        {{.sound = MEDIA_SOUND_SPEECH, .loudness_lufs_x100 = -2000, .noise_dbfs_x100 = -2700}, 400,
            -1600, 0},
        {{.sound = MEDIA_SOUND_OTHER, .loudness_lufs_x100 = -2000, .noise_dbfs_x100 = -3000}, 400,
            -1600, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct media_info info = {
            .duration_us = 91 * US, .audio_count = 1, .audio = {cases[i].audio}};
        struct plan plan;
        assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), 0);
        for (size_t r = 0; r < plan.rendition_count; r++) {
            assert_int_equal(plan.renditions[r].gain_db_x100, cases[i].gain);
            assert_int_equal(plan.renditions[r].target_lufs_x100, cases[i].target);
            assert_int_equal(plan.renditions[r].noise_reduction_db, cases[i].reduction);
            assert_in_range(plan.renditions[r].bitrate_bps, 12000,
                plan.renditions[r].cap_bps -
                    plan_audio_overhead_bps(plan.renditions[r].sample_rate, 2880));
        }
    }
}

static void test_audio_rendition_there_and_back(void **state)
{
    (void)state;
    struct media_info info = {.duration_us = 91 * US,
        .audio_count = 1,
        .audio = {{.sound = MEDIA_SOUND_SPEECH,
            .loudness_lufs_x100 = -2000,
            .noise_dbfs_x100 = -3000,
            .language = "bo"}}};
    struct plan plan;
    struct rendition back;
    char text[4096];
    assert_int_equal(plan_make(&info, &(struct plan_options){0}, &plan), 0);
    for (size_t r = 0; r < plan.rendition_count; r++) {
        int length = rendition_format(&plan.renditions[r], text, sizeof(text));
        assert_true(length > 0);
        assert_int_equal(rendition_parse(text, (size_t)length, &back), 0);
        assert_memory_equal(&plan.renditions[r], &back, sizeof(back));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rungs),
        cmocka_unit_test(test_av1),
        cmocka_unit_test(test_av1_renditions),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_work),
        cmocka_unit_test(test_legacy),
        cmocka_unit_test(test_no_streams_no_plan),
        cmocka_unit_test(test_audio_only),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_audio_rendition_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
