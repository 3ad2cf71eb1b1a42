/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fair queue: its rules on tables of lessons (catalog/fair_queue.h), then in the catalog:
 * leases, priority, pause, crashes, and the migration of an older catalog. */
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
#include "catalog/fair_queue.h"

#define LEASE_MS 1000
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* From catalog/migrations.h: the migrations, which can make an older catalog here. */
extern const char *const migration_sql[];

/* ---- the rules, on tables ---- */

/* Lessons are written "S:ID:PRIORITY:WORK". S is the submitter's letter. WORK is "?" before the
 * probe, and "+N" if only optional jobs are left. */
struct order_case {
    const char *what, *lessons, *expected; /* expected: the numbers of the lessons, by position */
};

static const struct order_case order_cases[] = {
    {"nobody", "", ""},
    {"one", "a:1:0:40", "1"},
    {"a short lesson behind a long batch of the same submitter",
        "a:1:0:9000 a:2:0:9000 a:3:0:9000 a:4:0:25", "4 1 2 3"},
    {"probes before everything else of their submitter", "a:1:0:20 a:2:0:? a:3:0:?", "2 1 3"},
    {"two submitters take turns", "a:1:0:20 a:2:0:20 a:3:0:20 b:4:0:20 b:5:0:20", "1 4 2 5 3"},
    {"weighted by work: one large lesson or many small ones",
        "a:1:0:100 a:2:0:100 b:3:0:50 b:4:0:50 b:5:0:50 b:6:0:50", "1 3 4 2 5 6"},
    {"high priority before all others, low priority after them",
        "a:1:-1:5 a:2:0:900 b:3:0:900 b:4:1:900", "4 2 3 1"},
    {"optional jobs after all needed jobs, whatever the priority",
        "a:1:1:+5 a:2:0:900 b:3:-1:900 b:4:0:?", "2 4 3 1"},
    {"optional jobs among each other: priority, turns, the shortest, the oldest's share",
        "a:1:0:+20 a:2:0:+10 b:3:0:+20 b:4:1:+90", "4 2 1 3"},
    {"the older lesson if all else is equal", "b:7:0:20 a:8:0:20", "7 8"},
};

static void parse_lesson(char *text, struct fair_queue *fair)
{
    char *save = NULL;
    const char *submitter = strtok_r(text, ":", &save), *id = strtok_r(NULL, ":", &save);
    const char *priority = strtok_r(NULL, ":", &save), *work = strtok_r(NULL, ":", &save);
    fair->lessons[fair->lesson_count++] = (struct fair_queue_lesson){
        .id = atoi(id),
        .submitter = (size_t)(submitter[0] - 'a'),
        .priority = atoi(priority),
        .probed = *work != '?',
        .optional = *work == '+',
        .work_left = *work != '?' ? atoi(work) : 1,
    };
}

static void test_positions_follow_the_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(order_cases); i++) {
        char text[256], got[256] = "", *save = NULL;
        struct fair_queue_submitter submitters[2] = {0};
        struct fair_queue_lesson lessons[16];
        struct fair_queue fair = {
            .submitters = submitters, .submitter_count = 2, .lessons = lessons};
        snprintf(text, sizeof(text), "%s", order_cases[i].lessons);
        for (char *part = strtok_r(text, " ", &save); part; part = strtok_r(NULL, " ", &save))
            parse_lesson(part, &fair);
        fair_queue_forecast(&fair, 100);
        for (int position = 1; position <= (int)fair.lesson_count; position++)
            for (size_t l = 0; l < fair.lesson_count; l++)
                if (lessons[l].position == position)
                    snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%d",
                        position > 1 ? " " : "", (int)lessons[l].id);
        if (strcmp(got, order_cases[i].expected) != 0)
            fail_msg("%s: %s, not %s", order_cases[i].what, got, order_cases[i].expected);
    }
}

static void test_forecast_stops_at_its_limit(void **state)
{
    (void)state;
    struct fair_queue_submitter submitter = {0};
    struct fair_queue_lesson lessons[3] = {{.id = 1, .probed = true, .work_left = 3},
        {.id = 2, .probed = true, .work_left = 2}, {.id = 3, .probed = true, .work_left = 1}};
    struct fair_queue fair = {
        .submitters = &submitter, .submitter_count = 1, .lessons = lessons, .lesson_count = 3};
    fair_queue_forecast(&fair, 2);
    assert_int_equal(lessons[2].position, 1);
    assert_int_equal(lessons[0].position, 2); /* the oldest lesson's share */
    assert_int_equal(lessons[1].position, 0);
}

/* A newer short lesson always waits too. The long lesson is done all the same. */
static void test_short_lessons_cannot_starve_a_long_one(void **state)
{
    (void)state;
    enum { WORK = 2000, JOB = 20, SHORT = 60 };
    struct fair_queue_submitter submitter = {0};
    struct fair_queue_lesson lessons[2] = {{.id = 1, .probed = true, .work_left = WORK},
        {.id = 2, .probed = true, .work_left = SHORT}};
    struct fair_queue fair = {
        .submitters = &submitter, .submitter_count = 1, .lessons = lessons, .lesson_count = 2};
    int64_t all = 0, last_short = 0;
    while (lessons[0].work_left > 0) {
        struct fair_queue_choice choice;
        assert_true(fair_queue_choose(&fair, &choice));
        fair_queue_charge(&fair, &choice, JOB);
        struct fair_queue_lesson *lesson = &lessons[choice.lesson];
        all += JOB;
        lesson->work_left -= JOB;
        if (lesson->id == 1 || lesson->work_left > 0)
            continue;
        /* A short lesson is done after at most twice the work that it needs. */
        assert_in_range(all - last_short, SHORT, 2 * SHORT);
        last_short = all;
        lesson->id++;
        lesson->work_left = SHORT;
    }
    assert_in_range(all, WORK, FAIR_QUEUE_OLDEST_SHARE * WORK + JOB);
    assert_in_range(
        all, (FAIR_QUEUE_OLDEST_SHARE - 1) * WORK, INT64_MAX); /* short lessons came first */
}

/* Both submitters always have work. One has large jobs, the other small ones. */
static void test_submitters_get_equal_work_whatever_their_job_sizes(void **state)
{
    (void)state;
    static const int64_t costs[2] = {700, 3};
    struct fair_queue_submitter submitters[2] = {0};
    struct fair_queue_lesson lessons[2] = {{.id = 1, .probed = true, .work_left = 1000000},
        {.id = 2, .submitter = 1, .probed = true, .work_left = 1000000}};
    struct fair_queue fair = {
        .submitters = submitters, .submitter_count = 2, .lessons = lessons, .lesson_count = 2};
    int64_t had[2] = {0};
    for (int i = 0; i < 20000; i++) {
        struct fair_queue_choice choice;
        assert_true(fair_queue_choose(&fair, &choice));
        fair_queue_charge(&fair, &choice, costs[choice.lesson]);
        had[choice.lesson] += costs[choice.lesson];
        assert_true(llabs(had[0] - had[1]) <= costs[0] + costs[1]);
    }
}

/* A submitter that had no work for a year is next, but does not get a year's work at once. */
static void test_an_idle_submitter_saves_up_no_turns(void **state)
{
    (void)state;
    struct fair_queue_submitter submitters[2] = {{.clock = 5000000}, {.clock = 40}};
    struct fair_queue_lesson lessons[2] = {{.id = 1, .probed = true, .work_left = 1000},
        {.id = 2, .submitter = 1, .probed = true, .work_left = 1000}};
    struct fair_queue fair = {.clock = 4999980,
        .submitters = submitters,
        .submitter_count = 2,
        .lessons = lessons,
        .lesson_count = 2};
    for (int i = 0; i < 20; i++) {
        struct fair_queue_choice choice;
        assert_true(fair_queue_choose(&fair, &choice));
        fair_queue_charge(&fair, &choice, 20);
        assert_int_equal(choice.lesson, i < 1 ? 1 : i % 2 == 0);
    }
}

/* ---- the rules, in the catalog ---- */

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
    snprintf(f->dir, sizeof(f->dir), "/tmp/terrace-queue-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    snprintf(f->path, sizeof(f->path), "%s/catalog.db", f->dir);
    *state = f;
    open_catalog(f);
    /* Thousands of transactions follow. They need not survive a power cut. */
    return sqlite3_exec(f->catalog->db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
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

static struct catalog_jobs lease(struct fixture *f, const char *owner, int64_t now_ms)
{
    struct catalog_jobs jobs;
    int error = catalog_job_lease(f->catalog, owner, now_ms, LEASE_MS, now_ms + LEASE_MS, &jobs);
    if (error != CATALOG_ENOTFOUND)
        assert_int_equal(error, CATALOG_OK);
    return jobs;
}

/* Finishes a leased job. A probe plans this many chunks. */
static void finish(struct fixture *f, const struct catalog_job *job, int chunks)
{
    struct catalog_new_rendition rendition = {.name = "v80",
        .kind = CATALOG_VIDEO,
        .timescale = 1000,
        .chunk_count = chunks,
        .plan_text = "p"};
    struct catalog_new_job jobs[128];
    for (int i = 0; i < chunks; i++)
        jobs[i] = (struct catalog_new_job){.kind = CATALOG_JOB_VIDEO, .chunk = i, .cost = 20};
    struct catalog_probe_result result = {.info_text = "i",
        .title = "",
        .renditions = &rendition,
        .rendition_count = 1,
        .jobs = jobs,
        .job_count = (size_t)chunks};
    assert_int_equal(job->kind == CATALOG_JOB_PROBE
                         ? catalog_job_finish_probe(f->catalog, job->id, job->owner, &result, 1)
                         : catalog_job_finish(f->catalog, job->id, job->owner, 1),
        CATALOG_OK);
}

/* Runs one job. Returns its lesson, or 0 if there was no job. A probe plans `chunks` chunks. */
static int64_t work(struct fixture *f, int chunks)
{
    struct catalog_jobs jobs = lease(f, "n1", 1);
    int64_t lesson_id = jobs.count > 0 ? jobs.items[0].lesson_id : 0;
    if (lesson_id)
        finish(f, &jobs.items[0], chunks);
    catalog_jobs_free(&jobs);
    return lesson_id;
}

/* Adds a lesson and runs its probe, so that only its chunks are queued. */
static int64_t put_in_probed(struct fixture *f, const char *submitter, int chunks)
{
    int64_t id = put_in(f, submitter);
    assert_int_equal(
        catalog_lesson_set_priority(f->catalog, id, CATALOG_PRIORITY_HIGH, "t", 1), CATALOG_OK);
    assert_int_equal(work(f, chunks), id);
    assert_int_equal(
        catalog_lesson_set_priority(f->catalog, id, CATALOG_PRIORITY_NORMAL, "t", 1), CATALOG_OK);
    return id;
}

static struct catalog_lesson position_of(struct fixture *f, int64_t lesson_id)
{
    struct catalog_lessons lessons;
    struct catalog_lesson found;
    assert_int_equal(catalog_lesson_get(f->catalog, lesson_id, &lessons), CATALOG_OK);
    assert_int_equal(catalog_queue_positions(f->catalog, &lessons), CATALOG_OK);
    found = lessons.items[0]; /* only its numbers stay valid */
    catalog_lessons_free(&lessons);
    return found;
}

static void test_two_lessons_do_not_wait_behind_another_submitters_hundred(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 100; i++)
        put_in(f, "batch");
    for (int i = 0; i < 40; i++)
        work(f, 5);
    int64_t first = put_in(f, "li"), second = put_in(f, "li");
    assert_int_equal(position_of(f, first).position, 1); /* a new submitter is next */
    int of_li = 0, of_batch = 0;
    while (of_li < 2 * (1 + 5)) {
        int64_t id = work(f, 5);
        if (id == first || id == second)
            of_li++;
        else
            of_batch++;
    }
    /* Until li's work is done, the batch gets work of about the same cost, 200. That may be 10
     * chunks or up to 200 probes. */
    assert_in_range(of_batch, 8, 200);
    struct catalog_lesson done = position_of(f, second);
    assert_int_equal(done.state, CATALOG_LESSON_READY);
    assert_int_equal(done.position, 0);
    for (int i = 0; i < 100 * 6 - 40 - of_batch; i++)
        assert_int_not_equal(work(f, 5), 0);
    assert_int_equal(work(f, 5), 0); /* no lesson was forgotten */
}

static void test_a_short_lesson_overtakes_its_submitters_batch(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++)
        put_in_probed(f, "li", 100);
    for (int i = 0; i < 10; i++)
        work(f, 0);
    int64_t id = put_in_probed(f, "li", 3);
    int jobs = 0;
    for (; position_of(f, id).state != CATALOG_LESSON_READY; jobs++)
        work(f, 0);
    assert_in_range(jobs, 3, 4); /* one may have gone to the oldest lesson */
}

static void test_priority_and_pause_change_the_order_of_leases(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    int64_t a = put_in_probed(f, "li", 4), b = put_in_probed(f, "li", 4),
            other = put_in_probed(f, "wang", 4);
    assert_int_equal(catalog_lesson_set_priority(c, b, CATALOG_PRIORITY_HIGH, "li", 1), CATALOG_OK);
    assert_int_equal(catalog_lesson_set_priority(c, a, CATALOG_PRIORITY_LOW, "li", 1), CATALOG_OK);
    assert_int_equal(position_of(f, b).position, 1);
    assert_int_equal(position_of(f, other).position, 2);
    assert_int_equal(position_of(f, a).position, 3);
    assert_int_equal(work(f, 0), b);

    /* A running job goes on to its end. No other job of its lesson starts. */
    struct catalog_jobs running = lease(f, "n1", 1);
    assert_int_equal(running.items[0].lesson_id, b);
    assert_int_equal(catalog_lesson_set_paused(c, b, true, "li", 2), CATALOG_OK);
    struct catalog_lesson paused = position_of(f, b);
    assert_true(paused.paused);
    assert_int_equal(paused.position, 0);
    assert_int_equal(paused.running_jobs, 1);
    assert_int_equal(paused.queued_jobs, 2);
    for (int i = 0; i < 4; i++)
        assert_int_equal(work(f, 0), other);
    for (int i = 0; i < 4; i++)
        assert_int_equal(work(f, 0), a);
    assert_int_equal(work(f, 0), 0);
    finish(f, &running.items[0], 0);
    catalog_jobs_free(&running);
    assert_int_equal(work(f, 0), 0);
    assert_int_equal(catalog_lesson_set_paused(c, b, false, "li", 3), CATALOG_OK);
    assert_int_equal(work(f, 0), b);
    assert_int_equal(work(f, 0), b);
    assert_int_equal(position_of(f, b).state, CATALOG_LESSON_READY);
}

/* A call that changes nothing adds no event. */
static void test_each_change_adds_one_event_and_impossible_ones_are_refused(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    struct catalog_events events;
    int64_t id = put_in(f, "li");
    static const char *const expected[] = {
        "created", "paused", "resumed", "priority_high", "priority_low", "priority_normal"};
    for (int twice = 0; twice < 2; twice++)
        assert_int_equal(catalog_lesson_set_paused(c, id, true, "wang", 1), CATALOG_OK);
    assert_int_equal(catalog_lesson_set_paused(c, id, false, "wang", 1), CATALOG_OK);
    static const int priorities[] = {1, 1, -1, 0};
    for (size_t i = 0; i < COUNT(priorities); i++)
        assert_int_equal(catalog_lesson_set_priority(c, id, priorities[i], "wang", 1), CATALOG_OK);
    assert_int_equal(catalog_lesson_set_priority(c, id, 2, "wang", 1), CATALOG_EINVAL);
    assert_int_equal(catalog_lesson_set_paused(c, 99, true, "wang", 1), CATALOG_ENOTFOUND);
    assert_int_equal(catalog_lesson_set_priority(c, 99, 1, "wang", 1), CATALOG_ENOTFOUND);
    assert_int_equal(catalog_events(c, id, 0, &events), CATALOG_OK);
    assert_int_equal(events.count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_string_equal(events.items[i].code, expected[i]);
        assert_string_equal(events.items[i].detail, i == 0 ? "li" : "wang");
    }
    catalog_events_free(&events);

    assert_int_equal(work(f, 1), id);
    assert_int_equal(work(f, 1), id);
    assert_int_equal(catalog_lesson_set_paused(c, id, true, "li", 1), CATALOG_ESTATE);
    assert_int_equal(catalog_lesson_set_priority(c, id, 1, "li", 1), CATALOG_ESTATE);
    int priority = 7;
    assert_true(catalog_priority_parse("low", &priority));
    assert_int_equal(priority, CATALOG_PRIORITY_LOW);
    assert_false(catalog_priority_parse("urgent", &priority));
    assert_string_equal(catalog_priority_name(CATALOG_PRIORITY_HIGH), "high");
    assert_null(catalog_priority_name(2));
}

static void test_a_retry_unpauses_the_lesson(void **state)
{
    struct fixture *f = *state;
    int64_t id = put_in(f, "li");
    struct catalog_jobs jobs = lease(f, "n1", 1);
    assert_int_equal(catalog_lesson_set_paused(f->catalog, id, true, "li", 1), CATALOG_OK);
    assert_int_equal(
        catalog_job_give_back(f->catalog, jobs.items[0].id, "n1", false, "no_streams", "", 1),
        CATALOG_OK);
    catalog_jobs_free(&jobs);
    struct catalog_lesson failed = position_of(f, id);
    assert_int_equal(failed.queued_jobs + failed.running_jobs, 0);
    assert_int_equal(catalog_lesson_retry(f->catalog, id, "li", 1), CATALOG_OK);
    assert_false(position_of(f, id).paused);
    assert_int_equal(work(f, 1), id);
}

/* The catalog stores how much work each submitter had. So a kill -9 changes nobody's turn. Jobs
 * that a dead node had begun do not count. */
static void test_crashes_do_not_change_whose_turn_it_is(void **state)
{
    struct fixture *f = *state;
    int64_t li = put_in_probed(f, "li", 50), wang = put_in_probed(f, "wang", 50);
    int had[2] = {0};
    bool died = false;
    for (int i = 0; i < 60; i++) {
        char owner[16];
        snprintf(owner, sizeof(owner), "n%d", i);
        catalog_close(&f->catalog);
        open_catalog(f);
        assert_int_equal(catalog_jobs_recover(f->catalog, owner), CATALOG_OK);
        struct catalog_jobs jobs = lease(f, owner, 1);
        bool of_wang = jobs.items[0].lesson_id == wang;
        if (!of_wang)
            died = !died; /* once during each of li's jobs */
        if (of_wang || !died) {
            had[of_wang]++;
            finish(f, &jobs.items[0], 0);
        }
        catalog_jobs_free(&jobs);
        assert_in_range(abs(had[0] - had[1]), 0, 1);
    }
    assert_int_equal(had[0] + had[1], 40);
    assert_int_equal(position_of(f, li).queued_jobs + position_of(f, wang).queued_jobs, 60);
    /* A node that stops cleanly takes its booking back too. */
    struct catalog_jobs first = lease(f, "n59", 1);
    assert_int_equal(catalog_job_release(f->catalog, first.items[0].id, "n59"), CATALOG_OK);
    struct catalog_jobs again = lease(f, "n59", 1);
    assert_int_equal(again.items[0].id, first.items[0].id);
    catalog_jobs_free(&first);
    catalog_jobs_free(&again);
}

/* Jobs that always fail cost their own submitter, not the others. */
static void test_failing_jobs_count_as_work_of_their_submitter(void **state)
{
    struct fixture *f = *state;
    put_in_probed(f, "li", 100);
    int64_t wang = put_in_probed(f, "wang", 100);
    int of_wang = 0;
    for (int i = 0; i < 40; i++) {
        struct catalog_jobs jobs = lease(f, "n1", 1 + i * 2 * LEASE_MS);
        if (jobs.items[0].lesson_id == wang) {
            finish(f, &jobs.items[0], 0);
            of_wang++;
        } /* the other leases expire */
        catalog_jobs_free(&jobs);
    }
    assert_in_range(of_wang, 19, 40);
}

/* Returns how many lessons have counters that differ from a count of their jobs. Triggers keep the
 * counters. */
static int64_t wrong_counters(struct catalog *c)
{
    sqlite3_stmt *s;
    assert_int_equal(
        sqlite3_prepare_v2(c->db,
            "SELECT count(*) FROM lessons l WHERE queued_jobs <> (SELECT count(*) "
            "FROM jobs WHERE lesson_id = l.id AND state = 0) OR work_left <> (SELECT "
            "coalesce(sum(cost), 0) FROM jobs WHERE lesson_id = l.id AND state < 2) OR "
            "extra_left <> (SELECT coalesce(sum(cost), 0) FROM jobs WHERE lesson_id = "
            "l.id AND state < 2 AND rank >= 10)",
            -1, &s, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t wrong = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return wrong;
}

static void test_counters_of_lessons_equal_a_count_of_their_jobs(void **state)
{
    struct fixture *f = *state;
    int64_t ids[6];
    for (size_t i = 0; i < COUNT(ids); i++)
        ids[i] = put_in(f, i % 2 ? "li" : "wang");
    for (int i = 0; i < 60; i++) {
        struct catalog_jobs jobs = lease(f, "n1", 1 + i * LEASE_MS / 2);
        if (jobs.count == 0)
            break;
        const struct catalog_job *job = &jobs.items[0];
        if (i % 5 == 1)
            catalog_job_give_back(f->catalog, job->id, "n1", true, "worker_crashed", "", 1);
        else if (i % 5 == 2)
            catalog_job_release(f->catalog, job->id, "n1");
        else if (i % 5 == 3) /* nobody ends the job: a recovery takes its lease back, or the lease
                              * expires */
            catalog_jobs_recover(f->catalog, i % 2 ? "n1" : "n2");
        else
            finish(f, job, 6);
        catalog_jobs_free(&jobs);
        assert_int_equal(wrong_counters(f->catalog), 0);
    }
    assert_int_equal(
        sqlite3_exec(f->catalog->db, "DELETE FROM jobs WHERE id % 3 = 0", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(wrong_counters(f->catalog), 0);
    assert_int_equal(catalog_lesson_remove(f->catalog, ids[0]), CATALOG_OK);
    assert_int_equal(wrong_counters(f->catalog), 0);
}

static void test_migration_counts_the_jobs_of_an_older_catalog(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db;
    catalog_close(&f->catalog);
    snprintf(f->path, sizeof(f->path), "%s/old.db", f->dir);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, migration_sql[0], NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
            "PRAGMA application_id = 0x54657272; PRAGMA user_version = 1;"
            "INSERT INTO lessons (id, state, title, submitter, created_ms, updated_ms)"
            " VALUES (1, 1, 'a', 'li', 1, 1), (2, 0, 'b', 'li', 1, 1), (3, 2, 'c', '', 1, 1);"
            "INSERT INTO sources (lesson_id, file, name, bytes) VALUES (1, 'a', 'a', 1),"
            " (2, 'b', 'b', 1), (3, 'c', 'c', 1);"
            "INSERT INTO jobs (lesson_id, revision, kind, rank, chunk, state, cost, owner) VALUES"
            " (1, 1, 2, 3, 0, 2, 20, ''), (1, 1, 2, 3, 1, 1, 20, 'n0'), (1, 1, 2, 3, 2, 0, 20, ''),"
            " (2, 1, 0, 0, 0, 0, 1, ''), (3, 1, 2, 3, 0, 2, 20, '')",
            NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    open_catalog(f);
    assert_int_equal(wrong_counters(f->catalog), 0);
    assert_int_equal(position_of(f, 2).position, 1);
    assert_int_equal(position_of(f, 1).position, 2);
    assert_int_equal(position_of(f, 1).running_jobs, 1);
    struct catalog_lessons lessons;
    assert_int_equal(
        catalog_lessons(f->catalog, &(struct catalog_lesson_filter){.at_work = true}, &lessons),
        CATALOG_OK);
    assert_int_equal(lessons.count, 2);
    assert_int_equal(lessons.items[0].id, 1);
    catalog_lessons_free(&lessons);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions_follow_the_rules),
        cmocka_unit_test(test_forecast_stops_at_its_limit),
        cmocka_unit_test(test_short_lessons_cannot_starve_a_long_one),
        cmocka_unit_test(test_submitters_get_equal_work_whatever_their_job_sizes),
        cmocka_unit_test(test_an_idle_submitter_saves_up_no_turns),
        TEST(test_two_lessons_do_not_wait_behind_another_submitters_hundred),
        TEST(test_a_short_lesson_overtakes_its_submitters_batch),
        TEST(test_priority_and_pause_change_the_order_of_leases),
        TEST(test_each_change_adds_one_event_and_impossible_ones_are_refused),
        TEST(test_a_retry_unpauses_the_lesson),
        TEST(test_crashes_do_not_change_whose_turn_it_is),
        TEST(test_failing_jobs_count_as_work_of_their_submitter),
        TEST(test_counters_of_lessons_equal_a_count_of_their_jobs),
        TEST(test_migration_counts_the_jobs_of_an_older_catalog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
