/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cache of lessons: how long and how many it keeps, and its use by several threads. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "node/hls/lesson_cache.h"
#include "node/util/clock.h"
#include "tests/node/hls/lesson_fixture.h"

enum { LESSONS = 6, THREADS = 4, ROUNDS = 200 };

struct context {
    struct lesson_fixture fixture;
    struct lesson_cache *cache;
};

static int setup(void **state)
{
    struct context *context = calloc(1, sizeof(*context));
    assert_non_null(context);
    lesson_fixture_open(&context->fixture);
    for (int i = 0; i < LESSONS; i++)
        lesson_fixture_create(&context->fixture, true);
    assert_int_equal(
        lesson_cache_open(&context->cache, &(struct lesson_cache_params){.max_lessons = 3}), 0);
    *state = context;
    return 0;
}

static int teardown(void **state)
{
    struct context *context = *state;
    lesson_cache_close(&context->cache);
    assert_null(context->cache);
    lesson_fixture_close(&context->fixture);
    free(context);
    return 0;
}

static bool remembered(struct context *context, int64_t lesson_id, int64_t now_ms)
{
    struct lesson_view view = {0};
    bool found = lesson_cache_get(context->cache, lesson_id, now_ms, &view);
    media_index_unref(view.index);
    return found;
}

/* Reads the lesson from the catalog, because no cached lesson is newer than the far future. */
static void load(struct context *context, int64_t lesson_id)
{
    struct lesson_view view;
    assert_int_equal(
        lesson_cache_load(context->cache, context->fixture.catalog, lesson_id, INT64_MAX, &view),
        0);
    assert_int_equal(view.index->lesson_id, lesson_id);
    media_index_unref(view.index);
}

/* Only the last lesson is still growing. */
static void test_an_index_is_trusted_for_a_bounded_time(void **state)
{
    struct context *context = *state;
    int64_t before_ms = clock_mono_ms();
    assert_false(remembered(context, LESSONS, before_ms));
    load(context, LESSONS);
    int64_t after_ms = clock_mono_ms();
    assert_true(remembered(context, LESSONS, before_ms + LESSON_CACHE_TRUST_MS - 1));
    assert_false(remembered(context, LESSONS, after_ms + LESSON_CACHE_TRUST_MS));
    lesson_fixture_finish(&context->fixture);
    before_ms = clock_mono_ms();
    load(context, LESSONS);
    after_ms = clock_mono_ms();
    assert_true(remembered(context, LESSONS, before_ms + LESSON_CACHE_TRUST_MS - 1));
    assert_false(remembered(context, LESSONS, after_ms + LESSON_CACHE_TRUST_MS));
}

static void await_trust_end(int64_t loaded_ms)
{
    while (clock_mono_ms() < loaded_ms + LESSON_CACHE_TRUST_MS)
        sched_yield();
}

/* Whoever follows the catalog need not ask again for a complete lesson, and sees what changes. */
static void test_a_complete_lesson_is_followed(void **state)
{
    struct context *context = *state;
    struct catalog *catalog = context->fixture.catalog;
    struct lesson_view view;
    int64_t number = -1;
    lesson_fixture_finish(&context->fixture);
    load(context, 1);
    load(context, LESSONS);
    int64_t loaded_ms = clock_mono_ms();
    /* What happened before the first call is not known. */
    assert_int_equal(lesson_cache_follow(context->cache, catalog, &number), CATALOG_OK);
    await_trust_end(loaded_ms);
    assert_int_equal(lesson_cache_follow(context->cache, catalog, &number), CATALOG_OK);
    assert_false(remembered(context, LESSONS, clock_mono_ms()));
    load(context, LESSONS);
    loaded_ms = clock_mono_ms();
    await_trust_end(loaded_ms);
    assert_false(remembered(context, LESSONS, clock_mono_ms()));
    assert_int_equal(lesson_cache_follow(context->cache, catalog, &number), CATALOG_OK);
    assert_true(remembered(context, LESSONS, clock_mono_ms()));
    assert_int_equal(catalog_lesson_set_published(catalog, LESSONS, false, "li", 1), CATALOG_OK);
    assert_int_equal(lesson_cache_follow(context->cache, catalog, &number), CATALOG_OK);
    assert_true(lesson_cache_get(context->cache, LESSONS, clock_mono_ms(), &view));
    assert_false(view.published);
    media_index_unref(view.index);
    assert_int_equal(catalog_lesson_remove(catalog, LESSONS), CATALOG_OK);
    assert_int_equal(lesson_cache_follow(context->cache, catalog, &number), CATALOG_OK);
    assert_false(remembered(context, LESSONS, clock_mono_ms()));
}

/* The linker's --wrap option puts this in place of catalog_changes(), so that a test can act between
 * the start of lesson_cache_follow() and its look at the catalog. */
static struct context *acting;
/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names */
enum catalog_error __real_catalog_changes(
    struct catalog *catalog, int64_t since, int limit, struct catalog_changes *out);
enum catalog_error __wrap_catalog_changes(
    struct catalog *catalog, int64_t since, int limit, struct catalog_changes *out);
enum catalog_error __wrap_catalog_changes(
    struct catalog *catalog, int64_t since, int limit, struct catalog_changes *out)
/* NOLINTEND(bugprone-reserved-identifier) */
{
    if (acting) {
        int64_t before_ms = clock_mono_ms();
        while (clock_mono_ms() == before_ms)
            sched_yield();
        load(acting, LESSONS);
        assert_int_equal(
            catalog_lesson_set_published(catalog, LESSONS, false, "li", 1), CATALOG_OK);
    }
    return __real_catalog_changes(catalog, since, limit, out);
}

/* A viewer's request loads the lesson while it is followed, and just before it is withdrawn. */
static void test_a_change_right_after_a_load_is_not_missed(void **state)
{
    struct context *context = *state;
    struct catalog *catalog = context->fixture.catalog;
    struct lesson_view view;
    int64_t number = -1;
    lesson_fixture_finish(&context->fixture);
    assert_int_equal(lesson_cache_follow(context->cache, catalog, &number), CATALOG_OK);
    acting = context;
    assert_int_equal(lesson_cache_follow(context->cache, catalog, &number), CATALOG_OK);
    acting = NULL;
    assert_int_equal(lesson_cache_follow(context->cache, catalog, &number), CATALOG_OK);
    assert_true(lesson_cache_get(context->cache, LESSONS, clock_mono_ms(), &view));
    assert_false(view.published);
    media_index_unref(view.index);
}

static void test_the_longest_unused_lesson_is_dropped(void **state)
{
    struct context *context = *state;
    int64_t now_ms = clock_mono_ms();
    load(context, 1);
    load(context, 2);
    load(context, 3);
    assert_true(remembered(context, 1, now_ms));
    load(context, 4);
    assert_true(remembered(context, 1, now_ms));
    assert_false(remembered(context, 2, now_ms));
    assert_true(remembered(context, 3, now_ms));
    assert_true(remembered(context, 4, now_ms));
}

static void test_bytes_are_bounded(void **state)
{
    struct context *context = *state;
    int64_t now_ms = clock_mono_ms();
    lesson_cache_close(&context->cache);
    assert_int_equal(
        lesson_cache_open(&context->cache, &(struct lesson_cache_params){.max_bytes = 1}), 0);
    load(context, 1);
    assert_true(remembered(context, 1, now_ms));
    load(context, 2);
    assert_false(remembered(context, 1, now_ms));
    assert_true(remembered(context, 2, now_ms));
}

/* A view stays valid after its lesson has left the cache and the catalog. */
static void test_view_outlives_its_lesson(void **state)
{
    struct context *context = *state;
    struct lesson_view view;
    lesson_fixture_finish(&context->fixture);
    assert_int_equal(
        lesson_cache_load(context->cache, context->fixture.catalog, 1, INT64_MAX, &view), 0);
    assert_int_equal(catalog_lesson_remove(context->fixture.catalog, 1), 0);
    assert_int_equal(lesson_cache_load(context->cache, context->fixture.catalog, 1, INT64_MAX,
                         &(struct lesson_view){0}),
        CATALOG_ENOTFOUND);
    assert_false(remembered(context, 1, clock_mono_ms()));
    assert_int_equal(media_index_find(view.index, "v400")->segment_count, FIXTURE_SEGMENTS);
    media_index_unref(view.index);
}

/* The segments of a complete lesson are read once, but the lesson's own row is read each time. */
static void test_complete_index_is_kept(void **state)
{
    struct context *context = *state;
    struct catalog *catalog = context->fixture.catalog;
    struct lesson_view first, second, third;
    lesson_fixture_finish(&context->fixture);
    assert_int_equal(lesson_cache_load(context->cache, catalog, 1, INT64_MAX, &first), 0);
    assert_true(first.published);
    assert_int_equal(catalog_lesson_set_published(catalog, 1, false, "li", 1), 0);
    assert_int_equal(lesson_cache_load(context->cache, catalog, 1, INT64_MAX, &second), 0);
    assert_false(second.published);
    assert_ptr_equal(first.index, second.index);
    assert_int_equal(
        catalog_lesson_edit(catalog, 1, &(struct catalog_lesson_edit){.language = "bo"}, 2), 0);
    assert_int_equal(lesson_cache_load(context->cache, catalog, 1, INT64_MAX, &third), 0);
    assert_string_equal(third.index->language, "bo");
    media_index_unref(first.index);
    media_index_unref(second.index);
    media_index_unref(third.index);
}

/* An optional rendition of a ready lesson appears once it is complete. Before that, nothing is read
 * again. */
static void test_new_optional_renditions_are_noticed(void **state)
{
    struct context *context = *state;
    struct catalog *catalog = context->fixture.catalog;
    struct lesson_view views[FIXTURE_CHUNKS + 1];
    context->fixture.optional = true;
    int64_t id = lesson_fixture_create(&context->fixture, true);
    for (int i = 0; i < 4; i++) /* audio, poster, two chunks */
        assert_true(lesson_fixture_work(&context->fixture));
    for (int i = 0; i <= FIXTURE_CHUNKS; i++) {
        assert_int_equal(lesson_cache_load(context->cache, catalog, id, INT64_MAX, &views[i]), 0);
        assert_true(views[i].index->complete);
        assert_int_equal(media_index_find(views[i].index, "av400") != NULL, i == FIXTURE_CHUNKS);
        assert_int_equal(lesson_fixture_work(&context->fixture), i < FIXTURE_CHUNKS);
    }
    assert_ptr_equal(views[0].index, views[1].index);
    for (int i = 0; i <= FIXTURE_CHUNKS; i++)
        media_index_unref(views[i].index);
}

struct worker {
    struct context *context;
    unsigned seed;
    int failures;
};

static void *work(void *ctx)
{
    struct worker *worker = ctx;
    struct catalog *catalog = NULL;
    const struct catalog_params params = {
        .path = store_catalog_path(worker->context->fixture.store)};
    if (catalog_open(&catalog, &params, NULL, 0))
        worker->failures++;
    for (int i = 0; catalog && i < ROUNDS; i++) {
        struct lesson_view view = {0};
        int64_t lesson_id = 1 + rand_r(&worker->seed) % LESSONS;
        int64_t now_ms = clock_mono_ms();
        if (!lesson_cache_get(worker->context->cache, lesson_id, now_ms - 900, &view) &&
            lesson_cache_load(worker->context->cache, catalog, lesson_id, now_ms - 1, &view))
            worker->failures++;
        if (!view.index || view.index->lesson_id != lesson_id)
            worker->failures++;
        media_index_unref(view.index);
    }
    catalog_close(&catalog);
    return NULL;
}

/* Several threads use more lessons than the cache holds. The sanitizers watch. */
static void test_many_threads_share_the_cache(void **state)
{
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    lesson_fixture_finish(&((struct context *)*state)->fixture);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.context = *state, .seed = i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].failures, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_complete_lesson_is_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_change_right_after_a_load_is_not_missed, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_an_index_is_trusted_for_a_bounded_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_longest_unused_lesson_is_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bytes_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_view_outlives_its_lesson, setup, teardown),
        cmocka_unit_test_setup_teardown(test_complete_index_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_new_optional_renditions_are_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_threads_share_the_cache, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
