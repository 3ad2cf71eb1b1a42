/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbered changes: a reader gets every change once, and is told if it has missed too much. Also
 * pages and searches of the list of lessons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "catalog/db.h"
#include "tests/catalog/catalog_fixture.h"

/* Reads the changes since *number, and moves *number on. Returns the numbers of the changed and
 * removed lessons as "1 2 -3", or "reread". */
static const char *changes_since(struct catalog *c, int64_t *number, int limit)
{
    static char text[256];
    struct catalog_changes changes;
    int length = 0;
    text[0] = '\0';
    assert_int_equal(catalog_changes(c, *number, limit, &changes), CATALOG_OK);
    for (size_t i = 0; i < changes.lessons.count; i++)
        length += snprintf(text + length, sizeof(text) - (size_t)length, "%s%d", length ? " " : "",
            (int)changes.lessons.items[i].id);
    for (size_t i = 0; i < changes.removed_count; i++)
        length += snprintf(text + length, sizeof(text) - (size_t)length, "%s-%d", length ? " " : "",
            (int)changes.removed[i]);
    if (changes.reread)
        snprintf(text, sizeof(text), "reread");
    *number = changes.number;
    catalog_changes_free(&changes);
    return text;
}

static int64_t lease(struct catalog *c, int64_t now_ms)
{
    struct catalog_jobs jobs;
    assert_int_equal(catalog_job_lease(c, "n1", now_ms, 1000, 10000, &jobs), CATALOG_OK);
    int64_t id = jobs.items[0].id;
    catalog_jobs_free(&jobs);
    return id;
}

static void test_every_change_of_a_lesson_is_told(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    int64_t number = 0;
    new_lesson(c, "00000000000000000000000000000001");
    new_lesson(c, "00000000000000000000000000000002");
    assert_string_equal(changes_since(c, &number, 10), "1 2");
    assert_string_equal(changes_since(c, &number, 10), "");
    const struct catalog_lesson_edit edit = {.title = "x"};
    assert_int_equal(catalog_lesson_edit(c, 2, &edit, 2000), CATALOG_OK);
    assert_string_equal(changes_since(c, &number, 10), "2");
    assert_int_equal(catalog_lesson_set_published(c, 1, true, "li", 2000), CATALOG_OK);
    assert_string_equal(changes_since(c, &number, 10), "1");
    assert_int_equal(catalog_lesson_set_paused(c, 2, true, "li", 2000), CATALOG_OK);
    assert_string_equal(changes_since(c, &number, 10), "2");
    int64_t job = lease(c, 3000);
    assert_string_equal(changes_since(c, &number, 10), "1");
    assert_int_equal(catalog_job_progress(c, job, "n1", 500, 3100, 1000), CATALOG_OK);
    assert_string_equal(changes_since(c, &number, 10), "1");
    assert_int_equal(catalog_event_add(c, 2, "salvaged", "3 s", 3200), CATALOG_OK);
    assert_string_equal(changes_since(c, &number, 10), "2");
    assert_int_equal(catalog_job_give_back(c, job, "n1", false, "damaged", "", 3300), CATALOG_OK);
    assert_string_equal(changes_since(c, &number, 10), "1");
    assert_int_equal(catalog_lesson_remove(c, 1), CATALOG_OK);
    assert_string_equal(changes_since(c, &number, 10), "-1");
    assert_string_equal(changes_since(c, &number, 10), "");
}

/* A lease that runs out fails the job within the call that looks for the next one. */
static void test_a_job_that_expires_is_a_change(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    struct catalog_jobs jobs;
    int64_t number = 0;
    new_lesson(c, "00000000000000000000000000000001");
    for (int i = 0; i < 3; i++)
        lease(c, 10000 * i);
    changes_since(c, &number, 10);
    assert_int_equal(catalog_job_lease(c, "n1", 90000, 1000, 10000, &jobs), CATALOG_ENOTFOUND);
    assert_string_equal(changes_since(c, &number, 10), "1");
}

static void test_too_many_changes_are_told_as_reread(void **state)
{
    struct fixture *f = *state;
    int64_t number = 0;
    for (int i = 1; i <= 4; i++) {
        char file[40];
        snprintf(file, sizeof(file), "%032d", i);
        new_lesson(f->catalog, file);
    }
    assert_string_equal(changes_since(f->catalog, &number, 3), "reread");
    assert_string_equal(changes_since(f->catalog, &number, 3), "");
    number += 100; /* a number of another catalog */
    assert_string_equal(changes_since(f->catalog, &number, 3), "reread");
    number = -2;
    assert_string_equal(changes_since(f->catalog, &number, 3), "reread");
}

/* The last 1000 removals are known. */
static void test_removals_are_forgotten_in_the_end(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    int64_t number = 0, first;
    assert_int_equal(catalog_change_number(c, &first), CATALOG_OK);
    assert_int_equal(sqlite3_exec(c->db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    for (int i = 1; i <= 1001; i++) {
        char sql[200];
        snprintf(sql, sizeof(sql),
            "INSERT INTO lessons (id, title, created_ms, updated_ms) VALUES (%d, '', 0, 0);"
            "DELETE FROM lessons WHERE id = %d",
            i, i);
        assert_int_equal(sqlite3_exec(c->db, sql, NULL, NULL, NULL), SQLITE_OK);
    }
    assert_int_equal(sqlite3_exec(c->db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    number = first;
    assert_string_equal(changes_since(c, &number, 2000), "reread");
    number = first + 3; /* after the first removal */
    struct catalog_changes changes;
    assert_int_equal(catalog_changes(c, number, 2000, &changes), CATALOG_OK);
    assert_false(changes.reread);
    assert_int_equal(changes.removed_count, 1000);
    catalog_changes_free(&changes);
}

/* Returns the numbers of the found lessons as "2 1". */
static const char *search(struct catalog *c, const char *text, int64_t before_id, int limit)
{
    static char found[64];
    struct catalog_lessons lessons;
    const struct catalog_lesson_filter filter = {
        .search = text, .before_id = before_id, .limit = limit};
    int length = 0;
    found[0] = '\0';
    assert_int_equal(catalog_lessons(c, &filter, &lessons), CATALOG_OK);
    for (size_t i = 0; i < lessons.count; i++)
        length += snprintf(found + length, sizeof(found) - (size_t)length, "%s%d",
            length ? " " : "", (int)lessons.items[i].id);
    catalog_lessons_free(&lessons);
    return found;
}

static void test_lists_have_pages_and_a_search(void **state)
{
    struct fixture *f = *state;
    struct catalog *c = f->catalog;
    static const struct catalog_lesson_edit texts[] = {{.title = "水稻育秧"},
        {.title = "小麦", .topic = "水稻 and wheat"}, {.title = "100%_\\", .description = "ABC"}};
    for (int i = 0; i < 3; i++) {
        char file[40];
        snprintf(file, sizeof(file), "%032d", i);
        int64_t id = new_lesson(c, file);
        assert_int_equal(catalog_lesson_edit(c, id, &texts[i], 2000), CATALOG_OK);
    }
    assert_string_equal(search(c, NULL, 0, 2), "3 2");
    assert_string_equal(search(c, "", 2, 2), "1");
    assert_string_equal(search(c, "稻", 0, 0), "3 2 1"); /* the sources are named 水稻.mp4 */
    assert_string_equal(search(c, "育秧", 0, 0), "1");
    assert_string_equal(search(c, "WHEAT", 0, 0), "2");
    assert_string_equal(search(c, "abc", 0, 0), "3");
    assert_string_equal(search(c, "%", 0, 0), "3");
    assert_string_equal(search(c, "0%_\\", 0, 0), "3");
    assert_string_equal(search(c, "0_", 0, 0), "");
    assert_string_equal(search(c, "'", 0, 0), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_change_of_a_lesson_is_told),
        TEST(test_a_job_that_expires_is_a_change),
        TEST(test_too_many_changes_are_told_as_reread),
        TEST(test_removals_are_forgotten_in_the_end),
        TEST(test_lists_have_pages_and_a_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
