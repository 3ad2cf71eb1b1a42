/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalog's files: what is refused as a catalog, permissions, damage, and copies. */
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "catalog/db.h"
#include "tests/catalog/catalog_fixture.h"

static void write_file(const char *path, const char *text, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static void test_open_refuses_files_that_are_no_catalog(void **state)
{
    struct fixture *f = *state;
    struct catalog *other;
    char path[128], garbage[8192];
    memset(garbage, 'x', sizeof(garbage));
    snprintf(path, sizeof(path), "%s/garbage.db", f->dir);
    write_file(path, garbage, sizeof(garbage));
    assert_int_equal(catalog_open(&other, &(struct catalog_params){.path = path}, f->message,
                         sizeof(f->message)),
        CATALOG_EFOREIGN);
    assert_non_null(strstr(f->message, "is not a Terrace catalog"));
    assert_null(other);

    sqlite3 *db;
    snprintf(path, sizeof(path), "%s/foreign.db", f->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(catalog_open(&other, &(struct catalog_params){.path = path}, f->message,
                         sizeof(f->message)),
        CATALOG_EFOREIGN);

    snprintf(path, sizeof(path), "%s/missing.db", f->dir);
    assert_int_equal(
        catalog_open(&other, &(struct catalog_params){.path = path, .must_exist = true}, f->message,
            sizeof(f->message)),
        CATALOG_ENOTFOUND);
    assert_int_equal(access(path, F_OK), -1);

    /* A power cut may leave an empty file. It must not become a new catalog without notice. */
    snprintf(path, sizeof(path), "%s/empty.db", f->dir);
    write_file(path, "", 0);
    assert_int_equal(
        catalog_open(&other, &(struct catalog_params){.path = path, .must_exist = true}, f->message,
            sizeof(f->message)),
        CATALOG_ENOTFOUND);
    assert_non_null(strstr(f->message, "is empty"));
    assert_int_equal(catalog_open(&other, &(struct catalog_params){.path = path, .read_only = true},
                         f->message, sizeof(f->message)),
        CATALOG_ENOTFOUND);
}

static void assert_mode(const struct fixture *f, const char *name, int expected)
{
    char path[128];
    struct stat status;
    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, expected);
}

/* The files contain password hashes. */
static void test_other_users_cannot_open_the_files(void **state)
{
    static const char *const names[] = {"catalog.db", "catalog.db-wal", "catalog.db-shm"};
    struct fixture *f = *state;
    char path[128];
    mode_t before = umask(0);
    catalog_close(&f->catalog);
    assert_int_equal(unlink(f->path), 0);
    for (int times = 0; times < 2; times++) {
        assert_int_equal(catalog_open(&f->catalog, &(struct catalog_params){.path = f->path},
                             f->message, sizeof(f->message)),
            CATALOG_OK);
        new_lesson(f->catalog, times ? "a" : "b");
        for (size_t i = 0; i < 3; i++)
            assert_mode(f, names[i], 0640);
        catalog_close(&f->catalog);
        /* Older versions left this mode. */
        assert_int_equal(chmod(f->path, 0644), 0);
    }
    assert_int_equal(catalog_open(&f->catalog, &(struct catalog_params){.path = f->path},
                         f->message, sizeof(f->message)),
        CATALOG_OK);
    snprintf(path, sizeof(path), "%s/backup.db", f->dir);
    assert_int_equal(catalog_backup(f->catalog, path), CATALOG_OK);
    assert_mode(f, "backup.db", 0640);
    umask(before);
}

static void test_open_refuses_a_newer_schema(void **state)
{
    struct fixture *f = *state;
    struct catalog *other;
    assert_int_equal(
        sqlite3_exec(f->catalog->db, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(catalog_open(&other, &(struct catalog_params){.path = f->path}, f->message,
                         sizeof(f->message)),
        CATALOG_ENEWER);
    assert_non_null(strstr(f->message, "newer"));
}

static void test_check_finds_damage(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 200; i++) {
        char name[33];
        snprintf(name, sizeof(name), "%032d", i);
        new_lesson(f->catalog, name);
    }
    assert_int_equal(catalog_check(f->catalog), CATALOG_OK);
    catalog_close(&f->catalog);
    int fd = open(f->path, O_RDWR);
    char zeros[4096];
    memset(zeros, 0x5a, sizeof(zeros));
    assert_int_equal(pwrite(fd, zeros, sizeof(zeros), 4096L * 9), sizeof(zeros));
    close(fd);
    int error = catalog_open(
        &f->catalog, &(struct catalog_params){.path = f->path}, f->message, sizeof(f->message));
    if (error == CATALOG_OK) {
        error = catalog_check(f->catalog);
        assert_null(strchr(catalog_message(f->catalog), '\n'));
    }
    assert_int_equal(error, CATALOG_ECORRUPT);
}

static void test_backup_has_all_rows_and_never_overwrites(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct catalog *copy;
    struct catalog_lessons lessons;
    int64_t id = new_lesson(f->catalog, "00000000000000000000000000000001");
    snprintf(path, sizeof(path), "%s/backup.db", f->dir);
    assert_int_equal(catalog_backup(f->catalog, path), CATALOG_OK);
    assert_int_equal(catalog_backup(f->catalog, path), CATALOG_EEXISTS);
    assert_int_equal(catalog_open(&copy, &(struct catalog_params){.path = path, .read_only = true},
                         f->message, sizeof(f->message)),
        CATALOG_OK);
    assert_int_equal(catalog_lesson_get(copy, id, &lessons), CATALOG_OK);
    assert_string_equal(lessons.items[0].source_name, "水稻.mp4");
    catalog_lessons_free(&lessons);
    catalog_close(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_open_refuses_files_that_are_no_catalog),
        TEST(test_other_users_cannot_open_the_files),
        TEST(test_open_refuses_a_newer_schema),
        TEST(test_check_finds_damage),
        TEST(test_backup_has_all_rows_and_never_overwrites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
