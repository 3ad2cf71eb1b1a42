/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scheduler with workers that crash, hang, report wrong results and send invalid messages
 * (fake_worker.c). */
#include <dirent.h>
#include <event2/event.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/jobs/scheduler.h"

/* The linker's --wrap option puts this clock in place of clock_mono_ms(). It moves only when a test
 * moves it, so the speed of the machine makes no difference. */
static int64_t mono_ms = 1000;

int64_t __wrap_clock_mono_ms(void); /* NOLINT(bugprone-reserved-identifier): the linker's name */
int64_t __wrap_clock_mono_ms(void)  /* NOLINT(bugprone-reserved-identifier) */
{
    return mono_ms;
}

struct fixture {
    char dir[64];
    struct store *store;
    struct catalog *catalog;
    struct event_base *base;
    struct scheduler *scheduler;
    int64_t lesson_id;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char message[256];
    snprintf(f->dir, sizeof(f->dir), "/tmp/terrace-jobs-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    *state = f;
    f->base = event_base_new();
    struct store_params store = {.path = f->dir, .create = true, .floor_bytes = 1};
    return !f->base || store_open(&f->store, &store, message, sizeof(message)) < 0
               ? -1
               : catalog_open(&f->catalog,
                     &(struct catalog_params){
                         .path = store_catalog_path(f->store), .busy_timeout_ms = 20},
                     message, sizeof(message));
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    scheduler_close(&f->scheduler, 0);
    catalog_close(&f->catalog);
    store_close(&f->store);
    event_base_free(f->base);
    snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    int result = system(command); /* NOLINT(cert-env33-c): a path of our own making */
    free(f);
    return result;
}

static void open_jobs_for(struct fixture *f, int workers, int64_t silence_ms)
{
    struct scheduler_params params = {.base = f->base,
        .catalog = f->catalog,
        .store = f->store,
        .worker_path = FAKE_WORKER,
        .workers = workers,
        .silence_ms = silence_ms,
        .poll_ms = 10};
    assert_int_equal(scheduler_open(&f->scheduler, &params), 0);
}

static void open_jobs(struct fixture *f, int64_t silence_ms)
{
    open_jobs_for(f, 1, silence_ms);
}

/* Adds a lesson whose workers behave as `how` says; see fake_worker.c. */
static void put_in(struct fixture *f, const char *how)
{
    struct store_imported imported;
    int source = memfd_create("source", MFD_CLOEXEC);
    assert_int_equal(write(source, how, strlen(how)), strlen(how));
    assert_return_code(lseek(source, 0, SEEK_SET), 0);
    assert_int_equal(store_import(f->store, source, &imported, NULL, NULL), 0);
    close(source);
    struct catalog_new_lesson lesson = {.title = "fake",
        .submitter = "cli",
        .source_file = imported.name,
        .source_name = "fake.mp4",
        .source_bytes = imported.bytes,
        .source_sha256 = imported.sha256,
        .now_ms = 1};
    assert_int_equal(catalog_lesson_create(f->catalog, &lesson, &f->lesson_id), CATALOG_OK);
}

static struct catalog_lessons lesson(struct fixture *f)
{
    struct catalog_lessons lessons;
    assert_int_equal(catalog_lesson_get(f->catalog, f->lesson_id, &lessons), CATALOG_OK);
    return lessons;
}

static struct catalog_jobs first_job(struct fixture *f)
{
    struct catalog_jobs jobs;
    assert_int_equal(catalog_jobs(f->catalog, f->lesson_id, &jobs), CATALOG_OK);
    assert_true(jobs.count > 0);
    return jobs;
}

static int lesson_state(struct fixture *f)
{
    struct catalog_lessons lessons = lesson(f);
    int state = lessons.items[0].state;
    catalog_lessons_free(&lessons);
    return state;
}

/* Returns how often a worker was started for these jobs ("probe" or "media"), and the descriptors
 * that the last one had open. */
static int starts(struct fixture *f, const char *jobs, char *descriptors, size_t descriptors_bytes)
{
    char path[160];
    int lines = 0;
    snprintf(path, sizeof(path), "%s/sources/%s", f->dir, jobs);
    FILE *file = fopen(path, "r");
    while (file && fgets(descriptors, (int)descriptors_bytes, file))
        lines++;
    if (file)
        fclose(file);
    return lines;
}

/* Runs the scheduler until the lesson has failed. Checks the reason, and that the worker was
 * started this often for these jobs. */
static void expect_failure(
    struct fixture *f, const char *reason, const char *detail, const char *jobs, int attempts)
{
    char descriptors[256] = "";
    while (lesson_state(f) != CATALOG_LESSON_FAILED)
        assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
    struct catalog_lessons lessons = lesson(f);
    assert_string_equal(lessons.items[0].reason, reason);
    assert_non_null(strstr(lessons.items[0].reason_detail, detail));
    catalog_lessons_free(&lessons);
    assert_int_equal(starts(f, jobs, descriptors, sizeof(descriptors)), attempts);
    assert_string_equal(descriptors, "0 1 2 3 4 5\n");
    assert_int_equal(scheduler_running(f->scheduler), 0);
}

static void fails(
    void **state, const char *how, const char *reason, const char *detail, int attempts)
{
    struct fixture *f = *state;
    open_jobs(f, 0);
    put_in(f, how);
    expect_failure(f, reason, detail, "probe", attempts);
}

static void test_a_failure_that_the_worker_reports_is_not_retried(void **state)
{
    fails(state, "fail", "no_streams", "data", 1);
}

static void test_crashes_are_retried_until_no_attempt_is_left(void **state)
{
    fails(state, "crash", "worker_crashed", "signal 6", 3);
}

static void test_an_exit_without_a_message_counts_as_a_crash(void **state)
{
    fails(state, "exit", "worker_crashed", "exit code 3", 3);
}

static void test_a_sandbox_violation_is_not_retried(void **state)
{
    fails(state, "sandbox", "sandbox", "signal 31", 1);
}

static void test_a_malformed_message_ends_the_worker(void **state)
{
    fails(state, "garbage", "internal", "malformed message", 3);
}

static void test_a_probe_without_findings_fails_the_lesson(void **state)
{
    fails(state, "mute", "internal", "without findings", 3);
}

static void test_kills_from_outside_count_no_attempt_but_are_bounded(void **state)
{
    fails(state, "kill", "worker_crashed", "signal 9", 28);
}

/* At a shutdown, SIGTERM may reach a worker before the node. */
static void test_a_shutdown_counts_no_attempt(void **state)
{
    fails(state, "term", "worker_crashed", "signal 15", 28);
}

/* Two lessons whose workers are killed in turn are counted apart. */
static void test_kills_are_counted_for_each_job(void **state)
{
    struct fixture *f = *state;
    char descriptors[256];
    open_jobs_for(f, 2, 0);
    put_in(f, "kill");
    int64_t first = f->lesson_id;
    put_in(f, "kill");
    int64_t second = f->lesson_id;
    for (int failed = 0; failed < 2;) {
        assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
        f->lesson_id = first;
        failed = lesson_state(f) == CATALOG_LESSON_FAILED;
        f->lesson_id = second;
        failed += lesson_state(f) == CATALOG_LESSON_FAILED;
    }
    assert_int_equal(starts(f, "probe", descriptors, sizeof(descriptors)), 56);
}

/* The probe's findings are there, so the next job begins once its worker was ended. */
static void test_a_worker_that_does_not_end_gives_its_place_back(void **state)
{
    struct fixture *f = *state;
    open_jobs(f, 0);
    put_in(f, "linger");
    while (lesson_state(f) != CATALOG_LESSON_FAILED) {
        mono_ms += 100;
        assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
    }
    expect_failure(f, "internal", "a chunk that isn't there", "media", 3);
}

/* Nothing pauses meanwhile: the clock stands still, so a pause would never end. */
static void test_a_worker_that_takes_the_disk_for_full_stops_no_other_work(void **state)
{
    fails(state, "full", "disk_full", "the disk is well now", 28);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what;
    ++*(int *)ctx;
}

/* Without a bound, the first of these messages would be the last event of the loop. */
static void test_a_flood_of_messages_does_not_hold_the_loop(void **state)
{
    struct fixture *f = *state;
    char descriptors[256];
    int turns = 0;
    struct event *timer = event_new(f->base, -1, EV_PERSIST, on_timer, &turns);
    assert_int_equal(event_add(timer, &(struct timeval){.tv_usec = 1000}), 0);
    open_jobs(f, 0);
    put_in(f, "flood");
    while (starts(f, "probe", descriptors, sizeof(descriptors)) == 0)
        assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
    for (int before = turns; turns < before + 20;)
        assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
    assert_int_equal(scheduler_running(f->scheduler), 1);
    event_free(timer);
    scheduler_close(&f->scheduler, 10000);
}

/* Exit codes of the node's own child do not count once the worker program has begun. */
static void test_a_worker_can_not_pass_for_a_lack_of_descriptors(void **state)
{
    fails(state, "exit 125", "worker_crashed", "exit code 125", 3);
}

/* The catalog is a backup, and a lesson that came later has left its media. */
static void test_the_numbers_of_forgotten_lessons_are_not_used_again(void **state)
{
    struct fixture *f = *state;
    char folder[160];
    snprintf(folder, sizeof(folder), "%s/media/41", f->dir);
    assert_return_code(mkdir(folder, 0700), 0);
    open_jobs(f, 0);
    put_in(f, "fail");
    assert_int_equal(f->lesson_id, 42);
    put_in(f, "fail");
    assert_int_equal(f->lesson_id, 43);
}

/* The catalog is locked by another program when a worker ends. Its job is released later, and not by
 * the end of its lease, which would count an attempt. The clock stands still. */
static void test_a_job_is_released_once_the_catalog_can_be_written(void **state)
{
    struct fixture *f = *state;
    char descriptors[256];
    sqlite3 *other;
    open_jobs(f, 0);
    put_in(f, "kill");
    while (scheduler_running(f->scheduler) == 0)
        assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
    assert_int_equal(sqlite3_open(store_catalog_path(f->store), &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    while (scheduler_running(f->scheduler) > 0)
        assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    while (starts(f, "probe", descriptors, sizeof(descriptors)) < 3)
        assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
    scheduler_close(&f->scheduler, 10000);
    struct catalog_jobs jobs = first_job(f);
    assert_int_equal(jobs.items[0].attempt, 0);
    catalog_jobs_free(&jobs);
}

static void test_the_oom_killer_takes_workers_first(void **state)
{
    fails(state, "score", "no_streams", "500", 1);
}

static void test_a_silent_worker_is_killed(void **state)
{
    /* Half of this is much more processor time than the start of a worker takes on any machine. */
    enum { SILENCE_MS = 60000 };
    struct fixture *f = *state;
    char descriptors[256];
    open_jobs(f, SILENCE_MS);
    put_in(f, "silent");
    for (int worker = 1; worker <= 2; worker++) {
        while (starts(f, "probe", descriptors, sizeof(descriptors)) < worker)
            assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
        /* The worker uses no processor time. A busy machine can be the cause, so it is not killed
         * yet. */
        mono_ms += SILENCE_MS + 1;
        for (int i = 0; i < 3; i++)
            assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
        assert_int_equal(starts(f, "probe", descriptors, sizeof(descriptors)), worker);
        mono_ms += 6 * SILENCE_MS;
    }
    expect_failure(f, "timed_out", "probe", "probe", 2);
}

static void lies(void **state, const char *how, const char *detail)
{
    struct fixture *f = *state;
    open_jobs(f, 0);
    put_in(f, how);
    expect_failure(f, "internal", detail, "media", 3);
}

static void test_a_chunk_without_a_file_is_refused(void **state)
{
    lies(state, "chunk", "a chunk that isn't there");
}

static void test_an_init_segment_without_a_file_is_refused(void **state)
{
    lies(state, "init", "an init segment that isn't there");
}

static void test_a_poster_without_a_file_is_refused(void **state)
{
    lies(state, "poster", "a poster that isn't there");
}

static void test_a_storyboard_without_a_file_is_refused(void **state)
{
    lies(state, "storyboard", "a storyboard that isn't there");
}

static void test_a_file_of_another_job_is_refused(void **state)
{
    lies(state, "foreign", "a request that its job does not allow");
}

static void test_a_file_that_the_job_does_not_read_is_refused(void **state)
{
    lies(state, "reading", "a request that its job does not allow");
}

static void test_a_request_before_the_last_reply_was_read_is_refused(void **state)
{
    lies(state, "unread", "a request that its job does not allow");
}

static void test_results_are_counted(void **state)
{
    lies(state, "repeat", "more results than its job has");
}

static void test_a_worker_may_not_fill_the_disk(void **state)
{
    lies(state, "greedy", "1073 MB written");
}

static void test_a_copy_of_the_source_that_is_not_there_is_refused(void **state)
{
    fails(state, "copy", "internal", "a copy of the source that isn't there", 3);
}

static int files_in(const struct fixture *f, const char *folder)
{
    char path[160];
    int count = 0;
    snprintf(path, sizeof(path), "%s/%s", f->dir, folder);
    DIR *dir = opendir(path);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2; /* without "." and ".." */
}

static void test_a_copy_of_the_source_that_is_not_recorded_goes(void **state)
{
    fails(state, "leave", "worker_crashed", "signal 6", 3);
    /* What is left is the source and the fake worker's trace. */
    assert_int_equal(files_in(*state, "sources"), 2);
}

static void test_a_disk_that_can_not_be_read_is_not_the_files_fault(void **state)
{
    fails(state, "unread source", "source_unreadable", "reading failed", 3);
}

static void test_a_source_that_was_changed_is_not_used(void **state)
{
    struct fixture *f = *state;
    char path[STORE_PATH_BYTES];
    put_in(f, "mute");
    struct catalog_lessons lessons = lesson(f);
    assert_int_equal(store_source_path(f->store, lessons.items[0].source_file, path), 0);
    catalog_lessons_free(&lessons);
    assert_int_equal(truncate(path, 2), 0);
    open_jobs(f, 0);
    while (lesson_state(f) != CATALOG_LESSON_FAILED)
        assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
    lessons = lesson(f);
    assert_string_equal(lessons.items[0].reason, "source_unreadable");
    assert_string_equal(lessons.items[0].reason_detail, "the source file has not 4 bytes");
    catalog_lessons_free(&lessons);
}

static void test_stopping_gives_jobs_back_without_counting_the_attempt(void **state)
{
    struct fixture *f = *state;
    char descriptors[256];
    open_jobs(f, 0);
    put_in(f, "patient");
    while (starts(f, "probe", descriptors, sizeof(descriptors)) == 0)
        assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
    assert_int_equal(scheduler_running(f->scheduler), 1);
    scheduler_close(&f->scheduler, 10000);
    struct catalog_jobs jobs = first_job(f);
    assert_int_equal(jobs.items[0].state, CATALOG_JOB_QUEUED);
    assert_int_equal(jobs.items[0].attempt, 0);
    catalog_jobs_free(&jobs);
}

/* Runs with 0, 1, 2... free descriptors until a worker starts. Wherever they ran out, no attempt
 * may be counted and nothing may stay open. */
static void test_a_lack_of_descriptors_counts_no_attempt(void **state)
{
    struct fixture *f = *state;
    char descriptors[256];
    struct rlimit limit, low;
    open_jobs(f, 0);
    assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
    put_in(f, "patient");
    int lowest = dup(0);
    close(lowest);
    assert_return_code(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    for (low.rlim_cur = (rlim_t)lowest;
         starts(f, "probe", descriptors, sizeof(descriptors)) == 0 && low.rlim_cur < 64;
         low.rlim_cur++) {
        mono_ms += 60000;
        assert_return_code(setrlimit(RLIMIT_NOFILE, &low), 0);
        do
            assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
        while (scheduler_running(f->scheduler) > 0 &&
               starts(f, "probe", descriptors, sizeof(descriptors)) == 0);
        assert_return_code(setrlimit(RLIMIT_NOFILE, &limit), 0);
    }
    assert_int_equal(starts(f, "probe", descriptors, sizeof(descriptors)), 1);
    assert_in_range(low.rlim_cur, lowest + 5, 63);
    scheduler_close(&f->scheduler, 10000);
    struct catalog_jobs jobs = first_job(f);
    assert_int_equal(jobs.items[0].state, CATALOG_JOB_QUEUED);
    assert_int_equal(jobs.items[0].attempt, 0);
    catalog_jobs_free(&jobs);
    int after = dup(0);
    close(after);
    assert_in_range(after, 0, lowest);
}

static void test_leases_of_a_dead_node_are_taken_over(void **state)
{
    struct fixture *f = *state;
    struct catalog_jobs leased;
    put_in(f, "fail");
    assert_int_equal(
        catalog_job_lease(f->catalog, "dead", 1, INT64_MAX / 2, INT64_MAX / 2, &leased),
        CATALOG_OK);
    catalog_jobs_free(&leased);
    open_jobs(f, 0);
    expect_failure(f, "no_streams", "data", "probe", 1);
}

static void test_removing_a_lesson_stops_its_worker(void **state)
{
    struct fixture *f = *state;
    char descriptors[256];
    open_jobs(f, 0);
    put_in(f, "silent");
    while (starts(f, "probe", descriptors, sizeof(descriptors)) == 0)
        assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
    assert_int_equal(catalog_lesson_remove(f->catalog, f->lesson_id), CATALOG_OK);
    scheduler_close(&f->scheduler, 10000);
    open_jobs(f, 0);
    put_in(f, "fail");
    expect_failure(f, "no_streams", "data", "probe", 2); /* one of the starts was for the removed
                                                            * lesson */
}

/* It may be missing for a moment only, as during an upgrade. */
static void test_a_missing_worker_program_costs_no_attempt(void **state)
{
    struct fixture *f = *state;
    struct scheduler_params params = {.base = f->base,
        .catalog = f->catalog,
        .store = f->store,
        .worker_path = "/nonexistent/terrace-worker",
        .workers = 2,
        .poll_ms = 10};
    assert_int_equal(scheduler_open(&f->scheduler, &params), 0);
    put_in(f, "fail");
    for (int tries = 0; tries < 20; tries++) {
        mono_ms += 60000; /* the queue pauses after each try */
        do
            assert_return_code(event_base_loop(f->base, EVLOOP_ONCE), 0);
        while (scheduler_running(f->scheduler) > 0);
    }
    assert_int_equal(lesson_state(f), CATALOG_LESSON_QUEUED);
    struct catalog_jobs jobs = first_job(f);
    assert_int_equal(jobs.items[0].attempt, 0);
    catalog_jobs_free(&jobs);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_failure_that_the_worker_reports_is_not_retried),
        TEST(test_crashes_are_retried_until_no_attempt_is_left),
        TEST(test_an_exit_without_a_message_counts_as_a_crash),
        TEST(test_a_sandbox_violation_is_not_retried),
        TEST(test_a_malformed_message_ends_the_worker),
        TEST(test_a_probe_without_findings_fails_the_lesson),
        TEST(test_kills_from_outside_count_no_attempt_but_are_bounded),
        TEST(test_a_worker_that_takes_the_disk_for_full_stops_no_other_work),
        TEST(test_a_flood_of_messages_does_not_hold_the_loop),
        TEST(test_a_shutdown_counts_no_attempt),
        TEST(test_kills_are_counted_for_each_job),
        TEST(test_a_worker_that_does_not_end_gives_its_place_back),
        TEST(test_results_are_counted),
        TEST(test_a_worker_may_not_fill_the_disk),
        TEST(test_a_copy_of_the_source_that_is_not_there_is_refused),
        TEST(test_a_copy_of_the_source_that_is_not_recorded_goes),
        TEST(test_a_disk_that_can_not_be_read_is_not_the_files_fault),
        TEST(test_a_source_that_was_changed_is_not_used),
        TEST(test_a_worker_can_not_pass_for_a_lack_of_descriptors),
        TEST(test_the_numbers_of_forgotten_lessons_are_not_used_again),
        TEST(test_a_job_is_released_once_the_catalog_can_be_written),
        TEST(test_the_oom_killer_takes_workers_first),
        TEST(test_a_silent_worker_is_killed),
        TEST(test_a_chunk_without_a_file_is_refused),
        TEST(test_an_init_segment_without_a_file_is_refused),
        TEST(test_a_poster_without_a_file_is_refused),
        TEST(test_a_storyboard_without_a_file_is_refused),
        TEST(test_a_file_of_another_job_is_refused),
        TEST(test_a_file_that_the_job_does_not_read_is_refused),
        TEST(test_a_request_before_the_last_reply_was_read_is_refused),
        TEST(test_stopping_gives_jobs_back_without_counting_the_attempt),
        TEST(test_a_lack_of_descriptors_counts_no_attempt),
        TEST(test_leases_of_a_dead_node_are_taken_over),
        TEST(test_removing_a_lesson_stops_its_worker),
        TEST(test_a_missing_worker_program_costs_no_attempt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
