/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The catalog while memory is short: one allocation fails, in turn each one that a scenario makes,
 * in our code or in SQLite. Each call then succeeds as a whole or changes nothing. Nothing crashes
 * or leaks, the catalog stays sound, and what was acknowledged is there.
 * With an argument N, every N-th allocation fails in turn; without it, every 251st.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "catalog/db.h"

#define FILE_NAME "00000000000000000000000000000001"
#define UPLOAD_ID "00000000000000000000000000000002"
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* ---- allocations that fail ---- */

static long allocations, failing; /* failing: the number of the one that fails; 0 none */
static int step = 251;

static bool fails(void)
{
    allocations++;
    return allocations == failing;
}

/* The linker puts these in place of the functions of the C library (--wrap). */
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails() ? NULL : __real_realloc(old, bytes);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* SQLite is a library of its own, so it gets these by its configuration. */
static sqlite3_mem_methods usual;

static void *sqlite_malloc(int bytes)
{
    return fails() ? NULL : usual.xMalloc(bytes);
}

static void *sqlite_realloc(void *old, int bytes)
{
    return fails() ? NULL : usual.xRealloc(old, bytes);
}

static void configure_sqlite(void)
{
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual), SQLITE_OK);
    sqlite3_mem_methods own = usual;
    own.xMalloc = sqlite_malloc;
    own.xRealloc = sqlite_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &own), SQLITE_OK);
}

/* ---- the scenario ---- */

/* What was acknowledged. */
struct done {
    bool created, edited, published, probed, chunk, user, session, site, upload;
    int64_t lesson;
};

static int64_t lease(struct catalog *c)
{
    struct catalog_jobs jobs;
    int64_t id = 0;
    if (catalog_job_lease(c, "n1", 1000, 100000, 100000, &jobs) == CATALOG_OK)
        id = jobs.items[0].id;
    catalog_jobs_free(&jobs);
    return id;
}

static bool finish_probe(struct catalog *c)
{
    static const struct catalog_new_rendition rendition = {.name = "v80",
        .kind = CATALOG_VIDEO,
        .width = 426,
        .height = 240,
        .fps_num = 25,
        .fps_den = 1,
        .cap_bps = 80000,
        .timescale = 12800,
        .chunk_count = 1,
        .plan_text = "v"};
    static const struct catalog_new_job job = {.kind = CATALOG_JOB_VIDEO, .cost = 20};
    const struct catalog_probe_result result = {.info_text = "i",
        .title = "t",
        .duration_us = 9000000,
        .renditions = &rendition,
        .rendition_count = 1,
        .jobs = &job,
        .job_count = 1};
    int64_t probe = lease(c);
    return probe && catalog_job_finish_probe(c, probe, "n1", &result, 2000) == CATALOG_OK;
}

static bool add_chunk(struct catalog *c, int64_t lesson)
{
    struct catalog_renditions renditions;
    struct catalog_segment segment = {0, 100, 115200, 20};
    struct catalog_chunk chunk = {
        .bytes = 100, .sha256 = (char *)HASH, .segments = &segment, .segment_count = 1};
    int64_t job = lease(c);
    if (!job || catalog_renditions(c, lesson, &renditions) != CATALOG_OK)
        return false;
    if (renditions.count > 0)
        chunk.rendition_id = renditions.items[0].id;
    catalog_renditions_free(&renditions);
    return catalog_chunk_add(c, job, "n1", &chunk, 3000) == CATALOG_OK &&
           catalog_job_finish(c, job, "n1", 3000) == CATALOG_OK;
}

static void read_all(struct catalog *c, const struct done *done)
{
    struct catalog_lessons lessons;
    struct catalog_changes changes;
    struct catalog_sites sites;
    struct catalog_users users;
    struct catalog_uploads uploads;
    const struct catalog_lesson_filter filter = {.search = "t"};
    if (catalog_lessons(c, &filter, &lessons) == CATALOG_OK)
        (void)catalog_queue_positions(c, &lessons);
    catalog_lessons_free(&lessons);
    if (done->created && catalog_lesson_get(c, done->lesson, &lessons) == CATALOG_OK)
        catalog_lessons_free(&lessons);
    if (catalog_changes(c, 0, 10, &changes) == CATALOG_OK)
        catalog_changes_free(&changes);
    if (catalog_sites(c, 20260101, &sites) == CATALOG_OK)
        catalog_sites_free(&sites);
    if (catalog_users(c, &users) == CATALOG_OK)
        catalog_users_free(&users);
    if (catalog_uploads(c, NULL, &uploads) == CATALOG_OK)
        catalog_uploads_free(&uploads);
}

static void write_others(struct catalog *c, struct done *done)
{
    const struct catalog_session session = {
        .token_sha256 = HASH, .csrf = "c", .user = "li", .expires_ms = 99999};
    const struct catalog_site site = {
        .name = (char *)"s", .ranges = (char *)"", .token = (char *)""};
    const struct catalog_upload upload = {.id = (char *)UPLOAD_ID,
        .user = (char *)"li",
        .filename = (char *)"f",
        .title = (char *)"",
        .topic = (char *)"",
        .description = (char *)"",
        .language = (char *)"",
        .total_bytes = 5};
    int64_t site_id;
    done->user = catalog_user_add(c, "li", CATALOG_ROLE_OPERATOR, "hash", 1000) == CATALOG_OK;
    done->session = done->user && catalog_session_add(c, &session, "127.0.0.1", 1000) == CATALOG_OK;
    done->site = catalog_site_put(c, &site, &site_id) == CATALOG_OK;
    done->upload = catalog_upload_create(c, &upload) == CATALOG_OK;
    if (done->upload)
        (void)catalog_upload_touch(c, UPLOAD_ID, 3, 2000);
}

static void run_scenario(const char *path, struct done *done)
{
    static const struct catalog_new_lesson lesson = {.title = "",
        .submitter = "cli",
        .source_file = FILE_NAME,
        .source_name = "a.mp4",
        .source_bytes = 10,
        .now_ms = 1000};
    static const struct catalog_lesson_edit edit = {.title = "edited"};
    struct catalog *c;
    char message[512];
    *done = (struct done){0};
    if (catalog_open(&c, &(struct catalog_params){.path = path}, message, sizeof(message)) !=
        CATALOG_OK)
        return;
    done->created = catalog_lesson_create(c, &lesson, &done->lesson) == CATALOG_OK;
    if (done->created) {
        done->probed = finish_probe(c);
        done->chunk = done->probed && add_chunk(c, done->lesson);
        done->edited = catalog_lesson_edit(c, done->lesson, &edit, 4000) == CATALOG_OK;
        done->published =
            catalog_lesson_set_published(c, done->lesson, true, "li", 4000) == CATALOG_OK;
    }
    write_others(c, done);
    read_all(c, done);
    catalog_close(&c);
}

/* ---- what must be there ---- */

static void expect_lesson(struct catalog *c, const struct done *done)
{
    struct catalog_lessons lessons;
    assert_int_equal(catalog_lesson_get(c, done->lesson, &lessons), CATALOG_OK);
    const struct catalog_lesson *lesson = &lessons.items[0];
    assert_true(!done->edited || strcmp(lesson->title, "edited") == 0);
    assert_true(!done->published || lesson->published);
    assert_true(!done->probed || lesson->state != CATALOG_LESSON_QUEUED);
    assert_true(!done->chunk || lesson->state == CATALOG_LESSON_READY);
    catalog_lessons_free(&lessons);
}

static void expect_others(struct catalog *c, const struct done *done)
{
    struct catalog_users users;
    struct catalog_sessions sessions;
    struct catalog_sites sites;
    struct catalog_uploads uploads;
    assert_int_equal(catalog_users(c, &users), CATALOG_OK);
    assert_true(!done->user || users.count == 1);
    catalog_users_free(&users);
    assert_int_equal(catalog_sessions(c, 2000, &sessions), CATALOG_OK);
    assert_true(!done->session || sessions.count == 1);
    catalog_sessions_free(&sessions);
    assert_int_equal(catalog_sites(c, 20260101, &sites), CATALOG_OK);
    assert_true(!done->site || sites.count == 1);
    catalog_sites_free(&sites);
    assert_int_equal(catalog_uploads(c, NULL, &uploads), CATALOG_OK);
    assert_true(!done->upload || uploads.count == 1);
    catalog_uploads_free(&uploads);
}

static void expect_all(const char *path, const struct done *done)
{
    struct catalog *c;
    char message[512];
    if (catalog_open(&c, &(struct catalog_params){.path = path}, message, sizeof(message)) !=
        CATALOG_OK)
        fail_msg("%s", message);
    assert_int_equal(catalog_check(c), CATALOG_OK);
    if (done->created)
        expect_lesson(c, done);
    expect_others(c, done);
    catalog_close(&c);
}

static void remove_files(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char file[128];
        snprintf(file, sizeof(file), "%s%s", path, ends[i]);
        unlink(file);
    }
}

static void test_every_allocation_may_fail(void **state)
{
    /* In memory, because each run makes a new catalog, and a disk would have to sync it. */
    char folder[64], path[96];
    struct done done;
    long runs = 0, last;
    (void)state;
    snprintf(folder, sizeof(folder), "%s/terrace-memory-XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/catalog.db", folder);
    configure_sqlite();
    failing = allocations = 0;
    run_scenario(path, &done);
    last = allocations;
    assert_true(done.created && done.edited && done.published && done.probed && done.chunk &&
                done.user && done.session && done.site && done.upload);
    expect_all(path, &done);
    for (long at = 1; at <= last; at += step, runs++) {
        remove_files(path);
        allocations = 0;
        failing = at;
        run_scenario(path, &done);
        failing = 0;
        expect_all(path, &done);
    }
    remove_files(path);
    rmdir(folder);
    printf("%ld allocations, %ld of them failed in turn; nothing was lost\n", last, runs);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation_may_fail)};
    if (argc > 1)
        step = atoi(argv[1]);
    return step < 1 ? 2 : cmocka_run_group_tests(tests, NULL, NULL);
}
