/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks that texts and messages survive writing and reading, and that damaged ones are refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/transcoder/sample_info.h"
#include "transcoder/plan/planner.h"
#include "transcoder/protocol/job.h"
#include "transcoder/protocol/message.h"
#include "transcoder/protocol/reply.h"

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

/* A video job has rungs, then the legacy rendition; either may be missing. At most one audio
 * rendition follows the legacy one. */
static void test_video_job(void **state)
{
    (void)state;
    struct job job = {
        .kind = JOB_VIDEO, .threads = 1, .info = video_info(1280, 720, 25, 1, 300 * US, 1)};
    struct plan plan;
    assert_int_equal(plan_make(&job.info, &job.options, &plan), 0);
    const struct rendition *video = &plan.renditions[0],
                           *legacy = &plan.renditions[plan.rendition_count - 1],
                           *audio = legacy - 1;
    const struct {
        const struct rendition *renditions[4];
        int expected;
    } cases[] = {
        {{video, NULL}, 0},
        {{video, video + 1, NULL}, 0},
        {{legacy, audio, NULL}, 0},
        {{legacy, NULL}, 0},
        {{video, legacy, audio, NULL}, 0},
        {{audio, legacy, NULL}, -1},
        {{audio, NULL}, -1},
        {{video, audio, NULL}, -1},
        {{legacy, video, NULL}, -1},
        {{legacy, legacy, NULL}, -1},
        {{legacy, audio, audio, NULL}, -1},
        {{legacy, audio, video, NULL}, -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        job.rendition_count = 0;
        for (size_t r = 0; r < 4 && cases[i].renditions[r]; r++)
            job.renditions[job.rendition_count++] = *cases[i].renditions[r];
        assert_int_equal(parses(&job), cases[i].expected);
    }
    job.rendition_count = 1;
    for (int kind = JOB_AUDIO; kind <= JOB_TEXT; kind++) {
        job.kind = (enum job_kind)kind;
        job.renditions[0] = *legacy;
        assert_int_equal(parses(&job), kind == JOB_VIDEO ? 0 : -1);
    }
}

static void test_info_there_and_back(void **state)
{
    (void)state;
    struct media_info info = video_info(1280, 720, 30000, 1001, 300 * US, 3), back;
    static char text[MEDIA_INFO_TEXT_BYTES];
    add_text(&info);
    add_trials(&info, slides_trials, 8);
    info.stretch_count = MEDIA_MAX_STRETCHES;
    for (int i = 0; i < info.stretch_count; i++)
        info.stretches[i] = (struct media_stretch){i * 10 * US, i % 3};
    info.cut_count = MEDIA_MAX_CUTS;
    for (int i = 0; i < info.cut_count; i++)
        info.cuts_us[i] = 12LL * 3600 * US + i;
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
        if (plan.renditions[i].kind == RENDITION_VIDEO)
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
    /* A text that is cut short is refused. A text with a wrong bit is refused or read, without a
     * crash. */
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

static void test_paths_of_files(void **state)
{
    (void)state;
    static const struct {
        struct job_file file;
        const char *path;
    } cases[] = {
        {{JOB_FILE_INIT, "v80", 0}, "v80/init.mp4"},
        {{JOB_FILE_CHUNK, "v80", 7}, "v80/00007.chunk"},
        {{JOB_FILE_POSTER, "", 0}, "poster.jpg"},
        {{JOB_FILE_SHEET, "", 3}, "storyboard-3.jpg"},
        {{JOB_FILE_STORYBOARD, "", 0}, "storyboard.vtt"},
    };
    char path[JOB_PATH_BYTES];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int length = (int)strlen(cases[i].path);
        assert_int_equal(job_file_path(&cases[i].file, path, sizeof(path)), length);
        assert_string_equal(path, cases[i].path);
        assert_int_equal(job_file_path(&cases[i].file, path, (size_t)length), -1);
    }
}

static void test_replies(void **state)
{
    (void)state;
    int pair[2], error, fd;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    int file = memfd_create("file", MFD_CLOEXEC);
    assert_int_equal(reply_send(pair[0], 0, file), 0);
    assert_int_equal(reply_send(pair[0], 0, file), -EBUSY);
    assert_int_equal(reply_receive(pair[1], &error, &fd), 0);
    assert_int_equal(error, 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    assert_int_equal(lseek(file, 0, SEEK_END), 1);
    close(file);
    assert_int_equal(reply_send(pair[0], ENOSPC, -1), 0);
    assert_int_equal(reply_receive(pair[1], &error, &fd), 0);
    assert_int_equal(error, ENOSPC);
    assert_int_equal(fd, -1);
    close(pair[0]);
    assert_int_equal(reply_receive(pair[1], &error, &fd), -1);
    close(pair[1]);
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
        {.type = MESSAGE_STORYBOARD, .sheets = 8},
        {.type = MESSAGE_FAILED, .reason = REASON_NOT_MEDIA, .detail = "不是视频"},
        {.type = MESSAGE_DONE},
        {.type = MESSAGE_FILE, .request = MESSAGE_REQUEST_READ, .file = {JOB_FILE_CHUNK, "a24", 3}},
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
        assert_int_equal(back.sheets, cases[i].sheets);
        assert_int_equal(back.segment_count, cases[i].segment_count);
        assert_string_equal(back.rendition, cases[i].rendition);
        assert_string_equal(back.detail, cases[i].detail);
        assert_int_equal(back.request, cases[i].request);
        assert_int_equal(back.file.kind, cases[i].file.kind);
        assert_string_equal(back.file.rendition, cases[i].file.rendition);
        assert_int_equal(back.file.number, cases[i].file.number);
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

/* What a worker says about codecs and languages goes into playlists. */
static void test_names_can_not_break_a_playlist(void **state)
{
    static const char *const bad[] = {"avc1\n#EXT-X-EVIL", "avc1\"", "avc1,", "a b"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct message message = {.type = MESSAGE_INIT, .rendition = "v80", .bytes = 700}, back;
        uint8_t *bytes;
        size_t count;
        memset(message.sha256, 'a', 64);
        snprintf(message.codecs, sizeof(message.codecs), "%s", bad[i]);
        assert_int_equal(message_encode(&message, &bytes, &count), 0);
        assert_int_equal(message_decode(bytes, count, &back), -1);
        free(bytes);
        message = (struct message){
            .type = MESSAGE_PROBED, .info = video_info(1280, 720, 25, 1, 300 * US, 1)};
        snprintf(message.info.audio[0].language, sizeof(message.info.audio[0].language), "%.11s",
            bad[i]);
        snprintf(message.info.title, sizeof(message.info.title), "a\nb");
        assert_int_equal(message_encode(&message, &bytes, &count), 0);
        assert_int_equal(message_decode(bytes, count, &back), -1);
        free(bytes);
    }
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
        cmocka_unit_test(test_video_job),
        cmocka_unit_test(test_info_there_and_back),
        cmocka_unit_test(test_job_there_and_back),
        cmocka_unit_test(test_paths_of_files),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_segments_must_add_up),
        cmocka_unit_test(test_names_can_not_break_a_playlist),
        cmocka_unit_test(test_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
