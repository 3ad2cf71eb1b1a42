/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unfinished uploads grow older while a node runs, and expire. The clock plays no part. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/ingest/ingest.h"
#include "node/ingest/ingest_internal.h"
#include "tests/node/hls/lesson_fixture.h"

#define OLD "0123456789abcdef0123456789abcdef"
#define BUSY "fedcba9876543210fedcba9876543210"

static void add_upload(struct lesson_fixture *fixture, const char *id)
{
    char path[STORE_PATH_BYTES];
    const struct catalog_upload upload = {.id = (char *)id,
        .user = (char *)"li",
        .filename = (char *)"a.mp4",
        .title = (char *)"",
        .topic = (char *)"",
        .description = (char *)"",
        .language = (char *)"",
        .total_bytes = 1000,
        .created_ms = 5000};
    assert_int_equal(catalog_upload_create(fixture->catalog, &upload), CATALOG_OK);
    assert_int_equal(store_source_path(fixture->store, id, path), 0);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "abc", 3), 3);
    close(fd);
}

static bool is_there(struct lesson_fixture *fixture, const char *id)
{
    struct catalog_uploads uploads;
    char path[STORE_PATH_BYTES];
    int error = catalog_upload_get(fixture->catalog, id, &uploads);
    if (error == CATALOG_OK)
        catalog_uploads_free(&uploads);
    assert_int_equal(store_source_path(fixture->store, id, path), 0);
    assert_int_equal(error == CATALOG_OK, access(path, F_OK) == 0);
    return error == CATALOG_OK;
}

static void test_an_idle_upload_expires_and_one_in_progress_stays(void **state)
{
    struct lesson_fixture fixture = {0};
    struct catalog_upload_totals totals;
    (void)state;
    lesson_fixture_open(&fixture);
    struct ingest ingest = {.store = fixture.store, .expiry_ms = 10000};
    add_upload(&fixture, OLD);
    add_upload(&fixture, BUSY);
    assert_int_equal(ingest_age(&ingest, fixture.catalog, 6000), CATALOG_OK);
    assert_int_equal(catalog_upload_touch(fixture.catalog, BUSY, 3, 1), CATALOG_OK);
    assert_int_equal(catalog_upload_totals(fixture.catalog, "li", 0, &totals), CATALOG_OK);
    assert_int_equal(totals.count, 2);
    assert_int_equal(totals.left_bytes, 1997);
    assert_int_equal(catalog_upload_totals(fixture.catalog, NULL, 5000, &totals), CATALOG_OK);
    assert_int_equal(totals.count, 1); /* an idle upload has no claim on space */
    assert_true(is_there(&fixture, OLD));
    assert_int_equal(ingest_age(&ingest, fixture.catalog, 6000), CATALOG_OK);
    assert_false(is_there(&fixture, OLD));
    assert_true(is_there(&fixture, BUSY));
    lesson_fixture_close(&fixture);
}

/* The hash of an upload goes from request to request, and only with the right number of bytes. */
static void test_hashes_are_kept_between_requests(void **state)
{
    struct ingest ingest = {0};
    (void)state;
    pthread_mutex_init(&ingest.mutex, NULL);
    struct store_hash *hash = ingest_take_hash(&ingest, OLD, 0);
    assert_non_null(hash);
    store_hash_add(hash, "abc", 3);
    ingest_keep_hash(&ingest, OLD, hash);
    assert_null(ingest_take_hash(&ingest, BUSY, 3));
    hash = ingest_take_hash(&ingest, OLD, 3);
    assert_non_null(hash);
    ingest_keep_hash(&ingest, OLD, hash);
    assert_null(ingest_take_hash(&ingest, OLD, 2));
    assert_null(ingest_take_hash(&ingest, OLD, 3));
    for (int i = 0; i < 100; i++) {
        char id[33];
        snprintf(id, sizeof(id), "%032x", i);
        ingest_keep_hash(&ingest, id, store_hash_new());
    }
    assert_int_equal(ingest.hash_count, 64);
    ingest_free_hashes(&ingest);
    pthread_mutex_destroy(&ingest.mutex);
}

/* Bytes come so slowly that none has been synced for long. */
static void test_an_upload_that_is_being_written_stays(void **state)
{
    struct lesson_fixture fixture = {0};
    struct upload_writer writer = {.id = OLD};
    (void)state;
    lesson_fixture_open(&fixture);
    struct ingest ingest = {.store = fixture.store, .expiry_ms = 10000};
    pthread_mutex_init(&ingest.mutex, NULL);
    add_upload(&fixture, OLD);
    assert_true(writers_enter(&ingest, &writer));
    assert_int_equal(ingest_age(&ingest, fixture.catalog, 20000), CATALOG_OK);
    assert_true(is_there(&fixture, OLD));
    writers_leave(&ingest, &writer);
    assert_int_equal(ingest_age(&ingest, fixture.catalog, 20000), CATALOG_OK);
    assert_false(is_there(&fixture, OLD));
    pthread_mutex_destroy(&ingest.mutex);
    lesson_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_upload_that_is_being_written_stays),
        cmocka_unit_test(test_an_idle_upload_expires_and_one_in_progress_stays),
        cmocka_unit_test(test_hashes_are_kept_between_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
