/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalog: query plans, and lessons, jobs, chunks, uploads, users and uplink minutes from
 * creation to removal. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "catalog/db.h"
#include "tests/catalog/catalog_fixture.h"

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* Leases the next job and checks its kind. Returns the job's number. */
static int64_t lease(struct catalog *c, const char *owner, int64_t now_ms, int kind)
{
    struct catalog_jobs jobs;
    assert_int_equal(catalog_job_lease(c, owner, now_ms, 100, 1000, &jobs), CATALOG_OK);
    assert_int_equal(jobs.items[0].kind, kind);
    int64_t id = jobs.items[0].id;
    catalog_jobs_free(&jobs);
    return id;
}

static void finish_probe(struct catalog *c, int64_t job, const char *owner)
{
    static const struct catalog_new_rendition renditions[] = {
        {.name = "v80",
            .kind = CATALOG_VIDEO,
            .width = 426,
            .height = 240,
            .fps_num = 25,
            .fps_den = 2,
            .cap_bps = 80000,
            .timescale = 12800,
            .chunk_count = 2,
            .plan_text = "v"},
        {.name = "a32",
            .kind = CATALOG_AUDIO,
            .channels = 1,
            .sample_rate = 48000,
            .cap_bps = 32000,
            .timescale = 48000,
            .chunk_count = 2,
            .plan_text = "a"},
    };
    static const struct catalog_new_job jobs[] = {{.kind = CATALOG_JOB_AUDIO, .cost = 4},
        {.kind = CATALOG_JOB_POSTER, .cost = 1}, {.kind = CATALOG_JOB_VIDEO, .cost = 20},
        {.kind = CATALOG_JOB_VIDEO, .chunk = 1, .cost = 20}};
    struct catalog_probe_result result = {.info_text = "i",
        .title = "第一讲",
        .duration_us = 90000000,
        .renditions = renditions,
        .rendition_count = 2,
        .jobs = jobs,
        .job_count = 4};
    assert_int_equal(catalog_job_finish_probe(c, job, owner, &result, 2000), CATALOG_OK);
}

static int add_chunk(struct catalog *c, int64_t job, const char *owner, int64_t rendition,
    int number, const char *sha256)
{
    struct catalog_segment segments[] = {{0, 60, 76800, 20}, {60, 40, 50000, 10}};
    struct catalog_chunk chunk = {.rendition_id = rendition,
        .number = number,
        .bytes = 100,
        .sha256 = (char *)sha256,
        .segments = segments,
        .segment_count = 2};
    return catalog_chunk_add(c, job, owner, &chunk, 2500);
}

/* These statements want a whole table, so they may scan it. */
static bool scan_is_meant(int number)
{
    return number == STATEMENT_SOURCE_FILES || number == STATEMENT_USERS ||
           number == STATEMENT_LESSONS || number == STATEMENT_SITES ||
           number == STATEMENT_NETWORKS || number == STATEMENT_LESSONS_BEGIN_AFTER ||
           number == STATEMENT_LESSONS_BEGIN_FIRST;
}

static void test_no_statement_scans_a_table(void **state)
{
    struct fixture *f = *state;
    for (int i = STATEMENT_CHANGES; i < STATEMENT_COUNT; i++) {
        char sql[8192];
        sqlite3_stmt *plan;
        snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", statement_sql[i]);
        assert_int_equal(sqlite3_prepare_v2(f->catalog->db, sql, -1, &plan, NULL), SQLITE_OK);
        while (sqlite3_step(plan) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(plan, 3);
            bool scan = strncmp(step, "SCAN", 4) == 0 && !strstr(step, "CONSTANT ROW") &&
                        !strstr(step, "subquery") && !strstr(step, "(join-");
            if (scan && !scan_is_meant(i))
                fail_msg("statement %d: %s\n%s", i, step, statement_sql[i]);
        }
        sqlite3_finalize(plan);
    }
}

static void test_a_lesson_from_creation_to_removal(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    struct catalog_lessons lessons;
    struct catalog_renditions renditions;
    int64_t id = new_lesson(c, "00000000000000000000000000000001");
    finish_probe(c, lease(c, "n1", 1000, CATALOG_JOB_PROBE), "n1");
    assert_int_equal(catalog_renditions(c, id, &renditions), CATALOG_OK);
    assert_int_equal(renditions.count, 2);
    int64_t video = renditions.items[0].id, audio = renditions.items[1].id;
    catalog_renditions_free(&renditions);

    int64_t job = lease(c, "n1", 2000, CATALOG_JOB_AUDIO);
    assert_int_equal(
        catalog_rendition_set_init(c, job, "n1", audio, 700, SHA_A, "mp4a.40.2"), CATALOG_OK);
    assert_int_equal(
        catalog_rendition_set_init(c, job, "n1", audio, 700, SHA_A, "mp4a.40.2"), CATALOG_OK);
    assert_int_equal(
        catalog_rendition_set_init(c, job, "n1", audio, 700, SHA_B, "mp4a.40.2"), CATALOG_EEXISTS);
    assert_int_equal(add_chunk(c, job, "n1", audio, 0, SHA_A), CATALOG_OK);
    assert_int_equal(add_chunk(c, job, "n1", audio, 0, SHA_A), CATALOG_OK);
    assert_int_equal(add_chunk(c, job, "n1", audio, 0, SHA_B), CATALOG_EEXISTS);
    assert_int_equal(add_chunk(c, job, "n1", audio, 2, SHA_A), CATALOG_EINVAL);
    assert_int_equal(add_chunk(c, job, "other", audio, 1, SHA_A), CATALOG_ESTATE);
    assert_int_equal(add_chunk(c, job, "n1", audio, 1, SHA_A), CATALOG_OK);
    assert_int_equal(catalog_job_finish(c, job, "n1", 3000), CATALOG_OK);

    job = lease(c, "n1", 3000, CATALOG_JOB_POSTER);
    assert_int_equal(catalog_lesson_set_poster(c, job, "n1", "poster.jpg"), CATALOG_OK);
    assert_int_equal(catalog_job_finish(c, job, "n1", 3000), CATALOG_OK);
    for (int chunk = 0; chunk < 2; chunk++) {
        assert_int_equal(catalog_lesson_get(c, id, &lessons), CATALOG_OK);
        assert_int_equal(lessons.items[0].state, CATALOG_LESSON_WORKING);
        assert_int_equal(lessons.items[0].playable, chunk > 0);
        assert_string_equal(lessons.items[0].title, "第一讲");
        catalog_lessons_free(&lessons);
        job = lease(c, "n1", 4000, CATALOG_JOB_VIDEO);
        assert_int_equal(add_chunk(c, job, "n1", video, chunk, SHA_B), CATALOG_OK);
        assert_int_equal(catalog_job_finish(c, job, "n1", 5000), CATALOG_OK);
    }
    assert_int_equal(catalog_lesson_get(c, id, &lessons), CATALOG_OK);
    assert_int_equal(lessons.items[0].state, CATALOG_LESSON_READY);
    assert_int_equal(lessons.items[0].progress_permille, 1000);
    assert_int_equal(lessons.items[0].media_bytes, 400 + 700);
    catalog_lessons_free(&lessons);

    assert_int_equal(
        catalog_lessons(c, &(struct catalog_lesson_filter){.published_only = true}, &lessons),
        CATALOG_OK);
    assert_int_equal(lessons.count, 0);
    catalog_lessons_free(&lessons);
    assert_int_equal(catalog_lesson_set_published(c, id, true, "li", 6000), CATALOG_OK);
    assert_int_equal(
        catalog_lessons(c, &(struct catalog_lesson_filter){.published_only = true}, &lessons),
        CATALOG_OK);
    assert_int_equal(lessons.count, 1);
    catalog_lessons_free(&lessons);

    struct catalog_chunks chunks;
    assert_int_equal(catalog_chunks(c, video, &chunks), CATALOG_OK);
    assert_int_equal(chunks.count, 2);
    assert_int_equal(chunks.items[1].segments[1].offset_bytes, 60);
    assert_int_equal(chunks.items[1].segments[1].iframe_bytes, 10);
    catalog_chunks_free(&chunks);
    assert_int_equal(catalog_lesson_remove(c, id), CATALOG_OK);
    assert_int_equal(catalog_lesson_get(c, id, &lessons), CATALOG_ENOTFOUND);
    assert_int_not_equal(new_lesson(c, "00000000000000000000000000000002"), id);
}

/* A legacy chunk contains finished audio, so its job waits for the audio job. The lesson is not
 * READY without it. */
static void test_legacy_jobs_wait_for_the_audio_job(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    static const struct catalog_new_rendition renditions[] = {{.name = "a32",
                                                                  .kind = CATALOG_AUDIO,
                                                                  .timescale = 48000,
                                                                  .chunk_count = 1,
                                                                  .plan_text = ""},
        {.name = "ts220",
            .kind = CATALOG_LEGACY,
            .timescale = 12800,
            .chunk_count = 1,
            .plan_text = ""}};
    static const struct catalog_new_job todo[] = {{.kind = CATALOG_JOB_AUDIO, .cost = 1},
        {.kind = CATALOG_JOB_VIDEO, .cost = 1}, {.kind = CATALOG_JOB_LEGACY, .cost = 1}};
    struct catalog_probe_result result = {.info_text = "i",
        .title = "t",
        .duration_us = 1000000,
        .renditions = renditions,
        .rendition_count = 2,
        .jobs = todo,
        .job_count = 3};
    struct catalog_jobs jobs;
    struct catalog_lessons lessons;
    int64_t id = new_lesson(c, "00000000000000000000000000000001");
    int64_t probe = lease(c, "n1", 1000, CATALOG_JOB_PROBE);
    assert_int_equal(catalog_job_finish_probe(c, probe, "n1", &result, 1000), CATALOG_OK);
    int64_t audio = lease(c, "n1", 1000, CATALOG_JOB_AUDIO);
    int64_t video = lease(c, "n1", 1000, CATALOG_JOB_VIDEO);
    assert_int_equal(catalog_job_lease(c, "n1", 1000, 100, 1000, &jobs), CATALOG_ENOTFOUND);
    assert_int_equal(catalog_job_finish(c, video, "n1", 1000), CATALOG_OK);
    assert_int_equal(catalog_job_lease(c, "n1", 1000, 100, 1000, &jobs), CATALOG_ENOTFOUND);
    assert_int_equal(
        catalog_lesson_set_priority(c, id, CATALOG_PRIORITY_HIGH, "t", 1000), CATALOG_OK);
    assert_int_equal(catalog_lesson_get(c, id, &lessons), CATALOG_OK);
    assert_int_equal(catalog_queue_positions(c, &lessons), CATALOG_OK);
    assert_int_equal(lessons.items[0].position, 0);
    catalog_lessons_free(&lessons);
    new_lesson(c, "00000000000000000000000000000002");
    lease(c, "n1", 1000, CATALOG_JOB_PROBE); /* other lessons go on */
    assert_int_equal(catalog_job_finish(c, audio, "n1", 1000), CATALOG_OK);
    int64_t legacy = lease(c, "n1", 1000, CATALOG_JOB_LEGACY);
    assert_int_equal(catalog_lesson_get(c, id, &lessons), CATALOG_OK);
    assert_int_equal(lessons.items[0].state, CATALOG_LESSON_WORKING);
    assert_string_equal(lessons.items[0].legacy_name, "");
    catalog_lessons_free(&lessons);
    assert_int_equal(catalog_job_finish(c, legacy, "n1", 1000), CATALOG_OK);
    assert_int_equal(catalog_lesson_get(c, id, &lessons), CATALOG_OK);
    assert_int_equal(lessons.items[0].state, CATALOG_LESSON_READY);
    assert_string_equal(lessons.items[0].legacy_name, "ts220");
    catalog_lessons_free(&lessons);
}

/* Optional jobs come last, whatever their kind and chunk. */
static void test_optional_jobs_come_after_legacy_jobs(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    static const struct catalog_new_rendition rendition = {.name = "v48",
        .kind = CATALOG_VIDEO,
        .timescale = 12800,
        .chunk_count = 1,
        .plan_text = ""};
    static const struct catalog_new_job todo[] = {
        {.kind = CATALOG_JOB_VIDEO, .cost = 1, .optional = true},
        {.kind = CATALOG_JOB_LEGACY, .chunk = 1, .cost = 1},
        {.kind = CATALOG_JOB_POSTER, .cost = 1}};
    struct catalog_probe_result result = {.info_text = "i",
        .title = "t",
        .duration_us = 1000000,
        .renditions = &rendition,
        .rendition_count = 1,
        .jobs = todo,
        .job_count = 3};
    new_lesson(c, "00000000000000000000000000000001");
    int64_t probe = lease(c, "n1", 1000, CATALOG_JOB_PROBE);
    assert_int_equal(catalog_job_finish_probe(c, probe, "n1", &result, 1000), CATALOG_OK);
    lease(c, "n1", 1000, CATALOG_JOB_POSTER);
    lease(c, "n1", 1000, CATALOG_JOB_LEGACY);
    lease(c, "n1", 1000, CATALOG_JOB_VIDEO);
}

static void test_expired_leases_are_queued_until_no_attempt_is_left(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    struct catalog_jobs jobs;
    struct catalog_lessons lessons;
    int64_t id = new_lesson(c, "00000000000000000000000000000001");
    int64_t job = lease(c, "n1", 1000, CATALOG_JOB_PROBE);
    assert_int_equal(catalog_job_lease(c, "n2", 1050, 100, 1000, &jobs), CATALOG_ENOTFOUND);
    assert_int_equal(catalog_job_progress(c, job, "n1", 500, 1090, 100), CATALOG_OK);
    assert_int_equal(catalog_job_lease(c, "n2", 1150, 100, 1000, &jobs), CATALOG_ENOTFOUND);
    assert_int_equal(lease(c, "n2", 1200, CATALOG_JOB_PROBE), job);
    assert_int_equal(catalog_job_progress(c, job, "n1", 600, 1210, 100), CATALOG_ESTATE);
    assert_int_equal(
        catalog_job_give_back(c, job, "n2", true, "worker_crashed", "signal 11", 1220), CATALOG_OK);
    assert_int_equal(lease(c, "n2", 1300, CATALOG_JOB_PROBE), job);
    assert_int_equal(
        catalog_job_release(c, job, "n2"), CATALOG_OK); /* a lease that is given back like this does
                                                         * not count as an attempt */
    assert_int_equal(lease(c, "n2", 1400, CATALOG_JOB_PROBE), job);
    assert_int_equal(
        catalog_job_give_back(c, job, "n2", true, "worker_crashed", "signal 11", 1500), CATALOG_OK);
    assert_int_equal(catalog_lesson_get(c, id, &lessons), CATALOG_OK);
    assert_int_equal(lessons.items[0].state, CATALOG_LESSON_FAILED);
    assert_string_equal(lessons.items[0].reason, "worker_crashed");
    catalog_lessons_free(&lessons);
    assert_int_equal(catalog_lesson_set_published(c, id, true, "li", 1600), CATALOG_ESTATE);
    assert_int_equal(catalog_lesson_retry(c, id, "li", 1700), CATALOG_OK);
    assert_int_equal(catalog_lesson_retry(c, id, "li", 1700), CATALOG_ESTATE);
    assert_int_equal(lease(c, "n3", 1800, CATALOG_JOB_PROBE), job);
    assert_int_equal(catalog_jobs_recover(c, "n4"), CATALOG_OK);
    assert_int_equal(lease(c, "n4", 1801, CATALOG_JOB_PROBE), job);
}

static void test_two_connections_see_each_others_changes_and_leases(void **state)
{
    struct fixture *f = *state;
    struct catalog *other;
    int64_t before, after;
    assert_int_equal(catalog_open(&other, &(struct catalog_params){.path = f->path}, f->message,
                         sizeof(f->message)),
        CATALOG_OK);
    assert_int_equal(catalog_change_number(other, &before), CATALOG_OK);
    new_lesson(f->catalog, "00000000000000000000000000000001");
    assert_int_equal(catalog_change_number(other, &after), CATALOG_OK);
    assert_true(after > before);
    int64_t job = lease(other, "n2", 1000, CATALOG_JOB_PROBE);
    struct catalog_jobs jobs;
    assert_int_equal(
        catalog_job_lease(f->catalog, "n1", 1000, 100, 1000, &jobs), CATALOG_ENOTFOUND);
    assert_true(job > 0);
    catalog_close(&other);
}

static void test_damaged_segment_tables_are_refused(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    struct catalog_renditions renditions;
    struct catalog_chunks chunks;
    int64_t id = new_lesson(c, "00000000000000000000000000000001");
    finish_probe(c, lease(c, "n1", 1000, CATALOG_JOB_PROBE), "n1");
    assert_int_equal(catalog_renditions(c, id, &renditions), CATALOG_OK);
    int64_t audio = renditions.items[1].id;
    catalog_renditions_free(&renditions);
    assert_int_equal(
        add_chunk(c, lease(c, "n1", 2000, CATALOG_JOB_AUDIO), "n1", audio, 0, SHA_A), CATALOG_OK);
    static const char *const damage[] = {"x'00'", "x''", "zeroblob(32)", "randomblob(48)"};
    for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
        char sql[128];
        snprintf(sql, sizeof(sql), "UPDATE chunks SET segments = %s", damage[i]);
        assert_int_equal(sqlite3_exec(c->db, sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(catalog_chunks(c, audio, &chunks), CATALOG_ECORRUPT);
    }
}

static void test_an_upload_becomes_one_lesson_and_can_be_removed(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    struct catalog_upload upload = {.id = (char *)"0123456789abcdef0123456789abcdef",
        .user = (char *)"li",
        .filename = (char *)"课.mp4",
        .title = (char *)"",
        .topic = (char *)"",
        .description = (char *)"",
        .language = (char *)"",
        .total_bytes = 5,
        .created_ms = 1};
    struct catalog_uploads uploads;
    int64_t first, again;
    bool complete = true;
    assert_int_equal(catalog_upload_create(c, &upload), CATALOG_OK);
    assert_int_equal(catalog_upload_remove(c, upload.id, &complete), CATALOG_OK);
    assert_false(complete);
    assert_int_equal(catalog_upload_remove(c, upload.id, &complete), CATALOG_ENOTFOUND);
    assert_int_equal(catalog_upload_create(c, &upload), CATALOG_OK);
    assert_int_equal(catalog_uploads(c, "wang", &uploads), CATALOG_OK);
    assert_int_equal(uploads.count, 0);
    assert_int_equal(catalog_uploads(c, NULL, &uploads), CATALOG_OK);
    assert_int_equal(uploads.count, 1);
    catalog_uploads_free(&uploads);
    assert_int_equal(catalog_upload_complete(c, upload.id, SHA_A, 2, &first), CATALOG_OK);
    assert_int_equal(catalog_upload_complete(c, upload.id, SHA_A, 3, &again), CATALOG_OK);
    assert_int_equal(first, again);
    char **names;
    size_t count;
    assert_int_equal(catalog_source_files(c, &names, &count), CATALOG_OK);
    assert_int_equal(count, 1);
    assert_string_equal(names[0], upload.id);
    catalog_names_free(names);
    assert_int_equal(catalog_upload_remove(c, upload.id, &complete), CATALOG_OK);
    assert_true(complete);
}

static void test_texts_are_read_as_valid_utf8(void **state)
{
    struct fixture *f = *state;
    struct catalog_lessons lessons;
    int64_t id = new_lesson(f->catalog, "a");
    static const char *const texts[][2] = {
        {"课\xe8\xaf", "课??"}, /* cut in the middle */
        {"\xcb\xae\xb5", "ˮ?"}, /* GBK, whose first two bytes happen to be valid UTF-8 */
        {"\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xff", "?? ??? ???? ?"},
        {"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\xf0\x90\x80\x80\xe0\xa0\x80\xc2\x80",
            "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\xf0\x90\x80\x80\xe0\xa0\x80\xc2\x80"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct catalog_lesson_edit edit = {.title = texts[i][0]};
        assert_int_equal(catalog_lesson_edit(f->catalog, id, &edit, 2), CATALOG_OK);
        assert_int_equal(catalog_lesson_get(f->catalog, id, &lessons), CATALOG_OK);
        assert_string_equal(lessons.items[0].title, texts[i][1]);
        catalog_lessons_free(&lessons);
    }
}

static void test_users_and_sessions_are_added_changed_and_removed(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    struct catalog_session session = {
        .token_sha256 = SHA_A, .csrf = SHA_B, .user = "li", .expires_ms = 5000};
    struct catalog_sessions sessions;
    assert_int_equal(catalog_user_add(c, "li", CATALOG_ROLE_OPERATOR, "hash", 1), CATALOG_OK);
    assert_int_equal(catalog_user_add(c, "li", CATALOG_ROLE_ADMIN, "hash", 1), CATALOG_EEXISTS);
    assert_int_equal(catalog_session_add(c, &session, "10.0.0.1", 1), CATALOG_OK);
    assert_int_equal(catalog_sessions(c, 1000, &sessions), CATALOG_OK);
    assert_int_equal(sessions.count, 1);
    assert_int_equal(sessions.items[0].role, CATALOG_ROLE_OPERATOR);
    catalog_sessions_free(&sessions);
    assert_int_equal(catalog_user_set_password(c, "li", "other", 2), CATALOG_OK);
    assert_int_equal(catalog_sessions(c, 1000, &sessions), CATALOG_OK);
    assert_int_equal(sessions.count, 0);
    assert_int_equal(catalog_session_add(c, &session, "10.0.0.1", 1), CATALOG_OK);
    /* Reading the sessions writes nothing. */
    assert_int_equal(sqlite3_exec(c->db, "PRAGMA query_only = 1", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(catalog_sessions(c, 6000, &sessions), CATALOG_OK);
    assert_int_equal(sessions.count, 0);
    assert_int_equal(sqlite3_exec(c->db, "PRAGMA query_only = 0", NULL, NULL, NULL), SQLITE_OK);
    session = (struct catalog_session){
        .token_sha256 = SHA_B, .csrf = SHA_B, .user = "li", .expires_ms = 9000};
    /* One that has expired is kept for thirty days, because the clock may be wrong. */
    assert_int_equal(catalog_session_add(c, &session, "10.0.0.1", 6000), CATALOG_OK);
    assert_int_equal(catalog_sessions(c, 1000, &sessions), CATALOG_OK);
    assert_int_equal(sessions.count, 2);
    catalog_sessions_free(&sessions);
    assert_int_equal(
        catalog_session_add(c, &session, "10.0.0.1", 5001 + 30 * INT64_C(86400000)), CATALOG_OK);
    assert_int_equal(catalog_sessions(c, 1000, &sessions), CATALOG_OK);
    assert_int_equal(sessions.count, 1);
    catalog_sessions_free(&sessions);
    assert_int_equal(catalog_user_remove(c, "li"), CATALOG_OK);
    assert_int_equal(catalog_user_remove(c, "li"), CATALOG_ENOTFOUND);
}

static void test_uplink_minutes_are_summed(void **state)
{
    struct fixture *f = *state;
    struct catalog_uplink uplink;
    assert_int_equal(
        catalog_uplink_add(f->catalog, &(struct catalog_uplink_minute){7, 100, 1}), CATALOG_OK);
    assert_int_equal(
        catalog_uplink_add(f->catalog, &(struct catalog_uplink_minute){7, 50, 2}), CATALOG_OK);
    assert_int_equal(
        catalog_uplink_add(f->catalog, &(struct catalog_uplink_minute){6, 1, 1}), CATALOG_OK);
    assert_int_equal(catalog_uplink(f->catalog, 7, &uplink), CATALOG_OK);
    assert_int_equal(uplink.count, 1);
    assert_int_equal(uplink.items[0].sent_bytes, 150);
    catalog_uplink_free(&uplink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_statement_scans_a_table),
        TEST(test_a_lesson_from_creation_to_removal),
        TEST(test_legacy_jobs_wait_for_the_audio_job),
        TEST(test_optional_jobs_come_after_legacy_jobs),
        TEST(test_expired_leases_are_queued_until_no_attempt_is_left),
        TEST(test_two_connections_see_each_others_changes_and_leases),
        TEST(test_damaged_segment_tables_are_refused),
        TEST(test_an_upload_becomes_one_lesson_and_can_be_removed),
        TEST(test_texts_are_read_as_valid_utf8),
        TEST(test_users_and_sessions_are_added_changed_and_removed),
        TEST(test_uplink_minutes_are_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
