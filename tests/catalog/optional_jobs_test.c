/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optional jobs: they come after all needed jobs, the lesson is READY before they are done, and
 * their failure does no harm to it. */
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

#define OWNER "n1"
#define SHA "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

extern const char *const migration_sql[];

struct fixture {
    char dir[64], path[96];
    struct catalog *catalog;
    int files;
};

static void open_catalog(struct fixture *f)
{
    char message[512];
    if (catalog_open(&f->catalog, &(struct catalog_params){.path = f->path}, message,
            sizeof(message)) != CATALOG_OK)
        fail_msg("%s", message);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    if (!f)
        return -1;
    snprintf(f->dir, sizeof(f->dir), "/tmp/terrace-extras-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    snprintf(f->path, sizeof(f->path), "%s/catalog.db", f->dir);
    *state = f;
    open_catalog(f);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    catalog_close(&f->catalog);
    snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    int result = system(command); /* NOLINT(cert-env33-c): a path of our own making */
    free(f);
    return result;
}

static int64_t put_in(struct fixture *f, const char *submitter)
{
    char file[33];
    int64_t id = 0;
    snprintf(file, sizeof(file), "%032d", ++f->files);
    struct catalog_new_lesson lesson = {
        .title = "t", .submitter = submitter, .source_file = file, .source_name = "s", .now_ms = 1};
    assert_int_equal(catalog_lesson_create(f->catalog, &lesson, &id), CATALOG_OK);
    return id;
}

static struct catalog_jobs lease(struct fixture *f)
{
    struct catalog_jobs jobs;
    int error = catalog_job_lease(f->catalog, OWNER, 1, 1000, 1000, &jobs);
    if (error != CATALOG_ENOTFOUND)
        assert_int_equal(error, CATALOG_OK);
    return jobs;
}

/* Finishes a probe. It plans one chunk in H.264 and two in AV1. */
static void finish_probe(struct fixture *f, const struct catalog_job *job)
{
    static const struct catalog_new_rendition renditions[] = {
        {.name = "v48", .kind = CATALOG_VIDEO, .timescale = 1, .chunk_count = 1, .plan_text = "p"},
        {.name = "av48",
            .kind = CATALOG_VIDEO,
            .timescale = 1,
            .chunk_count = 2,
            .plan_text = "p",
            .optional = true}};
    static const struct catalog_new_job jobs[] = {
        {.kind = CATALOG_JOB_VIDEO, .chunk = 1, .cost = 15, .optional = true},
        {.kind = CATALOG_JOB_VIDEO, .chunk = 2, .cost = 15, .optional = true},
        {.kind = CATALOG_JOB_VIDEO, .chunk = 0, .cost = 20}};
    struct catalog_probe_result result = {.info_text = "i",
        .title = "",
        .renditions = renditions,
        .rendition_count = COUNT(renditions),
        .jobs = jobs,
        .job_count = COUNT(jobs)};
    assert_int_equal(catalog_job_finish_probe(f->catalog, job->id, OWNER, &result, 1), CATALOG_OK);
}

/* Records the chunk that a job makes. */
static void add_chunk(struct fixture *f, const struct catalog_job *job)
{
    struct catalog_renditions renditions;
    struct catalog_segment segment = {0, 10, 1, 5};
    assert_int_equal(catalog_renditions(f->catalog, job->lesson_id, &renditions), CATALOG_OK);
    const struct catalog_rendition *rendition = &renditions.items[job->chunk > 0];
    assert_int_equal(rendition->optional, job->chunk > 0);
    struct catalog_chunk chunk = {.rendition_id = rendition->id,
        .number = job->chunk > 0 ? job->chunk - 1 : 0,
        .bytes = 10,
        .sha256 = (char *)SHA,
        .segments = &segment,
        .segment_count = 1};
    for (int twice = 0; twice < 2; twice++)
        assert_int_equal(catalog_chunk_add(f->catalog, job->id, OWNER, &chunk, 1), CATALOG_OK);
    catalog_renditions_free(&renditions);
}

/* Runs the next job. Returns its lesson, or 0 if there was no job. */
static int64_t work(struct fixture *f)
{
    struct catalog_jobs jobs = lease(f);
    int64_t lesson_id = jobs.count > 0 ? jobs.items[0].lesson_id : 0;
    if (lesson_id && jobs.items[0].kind == CATALOG_JOB_PROBE) {
        finish_probe(f, &jobs.items[0]);
    } else if (lesson_id) {
        add_chunk(f, &jobs.items[0]);
        assert_int_equal(catalog_job_finish(f->catalog, jobs.items[0].id, OWNER, 1), CATALOG_OK);
    }
    catalog_jobs_free(&jobs);
    return lesson_id;
}

static void fail_next(struct fixture *f, bool retry)
{
    struct catalog_jobs jobs = lease(f);
    assert_int_equal(jobs.count, 1);
    assert_int_equal(catalog_job_give_back(f->catalog, jobs.items[0].id, OWNER, retry,
                         "worker_crashed", "signal 11", 1),
        CATALOG_OK);
    catalog_jobs_free(&jobs);
}

/* Reads a lesson. Only its numbers are valid, since its texts are freed here. */
static struct catalog_lesson look(struct fixture *f, int64_t lesson_id)
{
    struct catalog_lessons lessons;
    assert_int_equal(catalog_lesson_get(f->catalog, lesson_id, &lessons), CATALOG_OK);
    assert_int_equal(catalog_queue_positions(f->catalog, &lessons), CATALOG_OK);
    struct catalog_lesson found = lessons.items[0];
    catalog_lessons_free(&lessons);
    return found;
}

/* Checks the codes of all events of a lesson, oldest first. */
static void expect_events(struct fixture *f, int64_t lesson_id, const char *expected)
{
    struct catalog_events events;
    char text[512] = "";
    assert_int_equal(catalog_events(f->catalog, lesson_id, 0, &events), CATALOG_OK);
    for (size_t i = 0; i < events.count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i > 0 ? " " : "",
            events.items[i].code);
    catalog_events_free(&events);
    assert_string_equal(text, expected);
}

static void test_a_lesson_is_ready_before_its_optional_jobs_are_done(void **state)
{
    struct fixture *f = *state;
    int64_t id = put_in(f, "li");
    work(f);
    struct catalog_lesson lesson = look(f, id);
    assert_int_equal(lesson.optional_jobs, 2);
    assert_int_equal(lesson.optional_permille, 0);
    assert_int_equal(work(f), id);
    lesson = look(f, id);
    assert_int_equal(lesson.state, CATALOG_LESSON_READY);
    assert_int_equal(lesson.progress_permille, 1000);
    assert_int_equal(lesson.queued_jobs, 2);
    assert_int_equal(lesson.position, 1);
    expect_events(f, id, "created probed completed");
    assert_int_equal(work(f), id);
    lesson = look(f, id);
    assert_int_equal(lesson.optional_jobs, 1);
    assert_int_equal(lesson.optional_permille, 500);
    assert_int_equal(lesson.optional_made, 0);
    assert_int_equal(work(f), id);
    lesson = look(f, id);
    assert_int_equal(lesson.optional_jobs, 0);
    assert_int_equal(lesson.optional_permille, 1000);
    assert_int_equal(lesson.optional_made, 1);
    assert_false(lesson.optional_failed);
    expect_events(f, id, "created probed completed extra_added");
    assert_int_equal(work(f), 0);
}

/* Optional jobs fail before and after their lesson is READY. When one has failed for good, all
 * optional jobs of its lesson are given up. A retry takes them up again. */
static void test_failed_optional_jobs_do_not_fail_the_lesson(void **state)
{
    struct fixture *f = *state;
    int64_t id = put_in(f, "li");
    work(f);
    struct catalog_jobs needed = lease(f);
    fail_next(f, true);
    fail_next(f, true);
    assert_false(look(f, id).optional_failed);
    fail_next(f, true);
    struct catalog_lesson lesson = look(f, id);
    assert_int_equal(lesson.state, CATALOG_LESSON_WORKING);
    assert_true(lesson.optional_failed);
    assert_int_equal(lesson.optional_jobs, 0);
    add_chunk(f, &needed.items[0]);
    assert_int_equal(catalog_job_finish(f->catalog, needed.items[0].id, OWNER, 1), CATALOG_OK);
    catalog_jobs_free(&needed);
    assert_int_equal(look(f, id).state, CATALOG_LESSON_READY);
    expect_events(f, id, "created probed retry retry extras_failed completed");
    assert_int_equal(work(f), 0);

    assert_int_equal(catalog_lesson_retry(f->catalog, id, "li", 1), CATALOG_OK);
    assert_int_equal(catalog_lesson_retry(f->catalog, id, "li", 1), CATALOG_ESTATE);
    lesson = look(f, id);
    assert_int_equal(lesson.state, CATALOG_LESSON_READY);
    assert_int_equal(lesson.optional_jobs, 2);
    assert_false(lesson.optional_failed);
    assert_int_equal(work(f), id);
    fail_next(f, false);
    lesson = look(f, id);
    assert_int_equal(lesson.state, CATALOG_LESSON_READY);
    assert_true(lesson.optional_failed);
    assert_int_equal(lesson.optional_made, 0);
    assert_int_equal(catalog_lesson_retry(f->catalog, id, "li", 1), CATALOG_OK);
    assert_int_equal(work(f), id);
    assert_int_equal(look(f, id).optional_made, 1);
    assert_int_equal(work(f), 0);
}

/* An attempt that ended with its node counts. The next lease finds that no attempt is left. */
static void test_attempts_of_dead_nodes_count(void **state)
{
    struct fixture *f = *state;
    int64_t id = put_in(f, "li");
    work(f);
    work(f);
    assert_int_equal(
        sqlite3_exec(f->catalog->db, "UPDATE jobs SET attempt = max_attempts WHERE chunk = 1", NULL,
            NULL, NULL),
        SQLITE_OK);
    assert_int_equal(work(f), 0);
    assert_int_equal(look(f, id).state, CATALOG_LESSON_READY);
    assert_true(look(f, id).optional_failed);
}

static void test_optional_jobs_come_after_all_needed_jobs_of_all_lessons(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    int64_t ready = put_in(f, "li");
    work(f);
    work(f);
    assert_int_equal(
        catalog_lesson_set_priority(c, ready, CATALOG_PRIORITY_HIGH, "li", 1), CATALOG_OK);
    int64_t other = put_in(f, "wang"), second = put_in(f, "li");
    assert_int_equal(
        catalog_lesson_set_priority(c, other, CATALOG_PRIORITY_LOW, "wang", 1), CATALOG_OK);
    assert_int_equal(look(f, ready).position, 3);
    assert_int_equal(work(f), second);
    assert_int_equal(work(f), second);
    assert_int_equal(work(f), other);
    assert_int_equal(work(f), other);
    /* Among optional jobs, priority counts, and a paused lesson waits. */
    assert_int_equal(work(f), ready);
    assert_int_equal(catalog_lesson_set_paused(c, ready, true, "li", 1), CATALOG_OK);
    assert_int_equal(look(f, ready).position, 0);
    assert_int_equal(work(f), second);
    assert_int_equal(catalog_lesson_set_paused(c, ready, false, "li", 1), CATALOG_OK);
    assert_int_equal(work(f), ready);
    assert_int_equal(catalog_lesson_set_paused(c, ready, true, "li", 1), CATALOG_ESTATE);
    assert_int_equal(catalog_lesson_set_priority(c, ready, 0, "li", 1), CATALOG_ESTATE);
    assert_int_equal(work(f), second);
    assert_int_equal(work(f), other);
    assert_int_equal(work(f), other);
    assert_int_equal(work(f), 0);
}

/* The last needed job of a lesson runs, so only optional jobs of it can start. */
static void test_a_lesson_with_only_optional_jobs_to_start_lets_others_go_first(void **state)
{
    struct fixture *f = *state;
    int64_t first = put_in(f, "li");
    work(f);
    struct catalog_jobs needed = lease(f);
    int64_t other = put_in(f, "wang");
    assert_int_equal(work(f), other);
    assert_int_equal(work(f), other);
    catalog_jobs_free(&needed);
    assert_int_equal(look(f, first).state, CATALOG_LESSON_WORKING);
    assert_int_not_equal(work(f), 0);
}

/* In an older catalog, lessons were READY only after AV1. The first lesson has only AV1 jobs left.
 * One AV1 rendition of the second lesson is whole. */
static void test_migration_marks_av1_as_optional(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db;
    catalog_close(&f->catalog);
    snprintf(f->path, sizeof(f->path), "%s/old.db", f->dir);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(sqlite3_exec(db, migration_sql[i], NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
            "PRAGMA application_id = 0x54657272; PRAGMA user_version = 4;"
            "INSERT INTO lessons (id, state, title, submitter, created_ms, updated_ms)"
            " VALUES (1, 1, 'a', 'li', 1, 1), (2, 2, 'b', 'li', 1, 1);"
            "INSERT INTO sources (lesson_id, file, name, bytes) VALUES (1, 'a', 'a', 1), (2, 'b', "
            "'b', 1);"
            "INSERT INTO renditions (id, lesson_id, revision, name, kind, position, width, height, "
            "fps_num, fps_den,"
            " channels, sample_rate, cap_bps, timescale, chunk_count, plan_text) VALUES"
            " (1, 1, 1, 'v48', 0, 0, 2, 2, 1, 1, 0, 0, 48000, 1, 1, 'p'),"
            " (2, 1, 1, 'av48', 0, 1, 2, 2, 1, 1, 0, 0, 48000, 1, 2, 'p'),"
            " (3, 2, 1, 'av48', 0, 0, 2, 2, 1, 1, 0, 0, 48000, 1, 1, 'p');"
            "INSERT INTO chunks VALUES (3, 0, 10, 'x', x'');"
            "INSERT INTO jobs (lesson_id, revision, kind, rank, chunk, state, cost) VALUES"
            " (1, 1, 2, 3, 0, 2, 20), (1, 1, 2, 13, 1, 0, 15), (1, 1, 2, 13, 2, 0, 15)",
            NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    open_catalog(f);
    assert_int_equal(look(f, 1).optional_jobs, 2);
    assert_int_equal(look(f, 1).progress_permille, 0);
    assert_int_equal(look(f, 2).optional_made, 1);
    assert_int_equal(work(f), 1);
    assert_int_equal(look(f, 1).state, CATALOG_LESSON_READY);
    fail_next(f, false);
    assert_int_equal(look(f, 1).state, CATALOG_LESSON_READY);
    expect_events(f, 1, "completed extras_failed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_lesson_is_ready_before_its_optional_jobs_are_done),
        TEST(test_failed_optional_jobs_do_not_fail_the_lesson),
        TEST(test_attempts_of_dead_nodes_count),
        TEST(test_optional_jobs_come_after_all_needed_jobs_of_all_lessons),
        TEST(test_a_lesson_with_only_optional_jobs_to_start_lets_others_go_first),
        TEST(test_migration_marks_av1_as_optional),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
