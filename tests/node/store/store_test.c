/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The data folder: opening, locks, imports, paths that stay inside, and sweeping without following
 * links. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/store/store.h"

struct fixture {
    char dir[64], data[96], message[256];
    struct store *store;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "/tmp/terrace-store-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    snprintf(f->data, sizeof(f->data), "%s/data", f->dir);
    *state = f;
    return store_open(&f->store,
        &(struct store_params){.path = f->data, .create = true, .floor_bytes = 1}, f->message,
        sizeof(f->message));
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    store_close(&f->store);
    snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    int result = system(command); /* NOLINT(cert-env33-c): a path of our own making */
    free(f);
    return result;
}

static void test_opening_checks_the_folder(void **state)
{
    struct fixture *f = *state;
    struct store *other;
    assert_int_equal(store_open(&other, &(struct store_params){.path = "/nonexistent/data"},
                         f->message, sizeof(f->message)),
        -ENOENT);
    assert_non_null(strstr(f->message, "/nonexistent/data"));
    assert_null(other);
    char file[128];
    snprintf(file, sizeof(file), "%s/file", f->dir);
    close(open(file, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(store_open(&other, &(struct store_params){.path = file, .create = true},
                         f->message, sizeof(f->message)),
        -ENOTDIR);
}

/* SQLite could not open a catalog at such a path, and its message would not help. */
static void test_a_long_path_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[512];
    struct store *other;
    size_t bytes = (size_t)snprintf(path, sizeof(path), "%s/%0240d", f->dir, 0);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path + bytes, sizeof(path) - bytes, "/%0*d", 493 - (int)bytes - 1, 0);
    assert_int_equal(strlen(path), 493);
    assert_int_equal(store_open(&other, &(struct store_params){.path = path, .create = true},
                         f->message, sizeof(f->message)),
        0);
    store_close(&other);
    bytes = strlen(path);
    memcpy(path + bytes, "x", 2);
    assert_int_equal(store_open(&other, &(struct store_params){.path = path, .create = true},
                         f->message, sizeof(f->message)),
        -ENAMETOOLONG);
    assert_string_equal(
        f->message, "the data folder's path is too long: it has 494 bytes, and may have 493");
}

/* With a new catalog, all these media would be removed as unknown. */
static void test_media_without_a_catalog_are_refused(void **state)
{
    struct fixture *f = *state;
    const struct store_params params = {.path = f->data, .create = true};
    struct store *other;
    char path[160];
    snprintf(path, sizeof(path), "%s/media/1", f->data);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(store_open(&other, &params, f->message, sizeof(f->message)), -ENOENT);
    assert_non_null(strstr(f->message, "no catalog"));
    assert_null(other);
    snprintf(path, sizeof(path), "%s/catalog.db", f->data);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(store_open(&other, &params, f->message, sizeof(f->message)), -ENOENT);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    assert_int_equal(store_open(&other, &params, f->message, sizeof(f->message)), 0);
    store_close(&other);
}

static void test_paths_stay_inside(void **state)
{
    struct fixture *f = *state;
    char path[STORE_PATH_BYTES];
    char too_long[STORE_PATH_BYTES - 64] = "";
    static const char *const bad[] = {"", "..", "../x", "a/b", ".hidden", "/etc/passwd"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(store_source_path(f->store, bad[i], path), -EINVAL);
    assert_int_equal(store_media_path(f->store, 1, 1, "v80/../../x", path), -EINVAL);
    assert_int_equal(store_media_path(f->store, 0, 1, "x", path), -EINVAL);
    assert_int_equal(store_media_path(f->store, 7, 2, "v80/00000.chunk", path), 0);
    assert_non_null(strstr(path, "/media/7/2/v80/00000.chunk"));
    assert_int_equal(store_media_path(f->store, INT64_MAX, INT_MAX, "", path), 0);
    assert_string_equal(
        path + strlen(store_path(f->store)), "/media/9223372036854775807/2147483647");
    memset(too_long, 'x', sizeof(too_long) - 1);
    assert_int_equal(store_media_path(f->store, 1, 1, too_long, path), -ENAMETOOLONG);
}

static void test_a_lock_dies_with_its_process(void **state)
{
    struct fixture *f = *state;
    int ready[2], holder = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = store_lock(f->store, STORE_LOCK_NODE, NULL);
        if (write(ready[1], fd >= 0 ? "y" : "n", 1) == 1)
            pause();
        _exit(0);
    }
    char answer;
    assert_int_equal(read(ready[0], &answer, 1), 1);
    assert_int_equal(answer, 'y');
    assert_int_equal(store_lock(f->store, STORE_LOCK_NODE, &holder), -EWOULDBLOCK);
    assert_int_equal(holder, child);
    assert_int_equal(store_jobs_are_held(f->store), 0);
    int jobs = store_lock(f->store, STORE_LOCK_JOBS, NULL);
    assert_true(jobs >= 0);
    assert_int_equal(store_jobs_are_held(f->store), 1);
    store_unlock(jobs);
    assert_int_equal(store_jobs_are_held(f->store), 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    int fd = store_lock(f->store, STORE_LOCK_NODE, &holder);
    assert_true(fd >= 0);
    store_unlock(fd);
}

static bool cancel(void *ctx, int64_t done, int64_t total)
{
    (void)ctx, (void)done, (void)total;
    return false;
}

static void test_import_copies_and_hashes(void **state)
{
    struct fixture *f = *state;
    struct store_imported imported;
    char source[128], path[STORE_PATH_BYTES], again[65];
    snprintf(source, sizeof(source), "%s/source", f->dir);
    int fd = open(source, O_CREAT | O_RDWR, 0600);
    assert_int_equal(write(fd, "abc", 3), 3);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(store_import(f->store, fd, &imported, NULL, NULL), 0);
    assert_string_equal(
        imported.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(imported.bytes, 3);
    assert_int_equal(store_source_path(f->store, imported.name, path), 0);
    assert_int_equal(store_file_sha256(path, again), 0);
    assert_string_equal(again, imported.sha256);
    memset(again, 0, sizeof(again));
    assert_int_equal(store_seal_source(f->store, imported.name, 0, NULL, again, NULL, NULL), 0);
    assert_string_equal(again, imported.sha256);
    assert_int_equal(
        store_seal_source(f->store, imported.name, 0, NULL, again, cancel, NULL), -ECANCELED);
    assert_int_equal(store_seal_source(f->store, "nothing", 0, NULL, again, NULL, NULL), -ENOENT);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(store_import(f->store, fd, &imported, cancel, NULL), -ECANCELED);
    assert_int_equal(store_source_path(f->store, imported.name, path), 0);
    assert_int_equal(access(path, F_OK), -1);
    close(fd);
}

static bool keep_nothing(void *ctx, const char *relative)
{
    (void)ctx, (void)relative;
    return false;
}

static void make_old(const char *path)
{
    struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void test_sweeping_follows_no_link(void **state)
{
    struct fixture *f = *state;
    char outside[128], inside[192], young[192], old[192];
    snprintf(outside, sizeof(outside), "%s/outside", f->dir);
    snprintf(inside, sizeof(inside), "%s/media/9", f->data);
    snprintf(young, sizeof(young), "%s/sources/young", f->data);
    snprintf(old, sizeof(old), "%s/sources/old", f->data);
    assert_int_equal(mkdir(outside, 0700), 0);
    char precious[192];
    snprintf(precious, sizeof(precious), "%s/precious", outside);
    close(open(precious, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(symlink(outside, inside), 0);
    close(open(young, O_CREAT | O_WRONLY, 0600));
    close(open(old, O_CREAT | O_WRONLY, 0600));
    make_old(inside);
    make_old(old);
    assert_int_equal(store_sweep(f->store, keep_nothing, NULL), 2);
    assert_int_equal(access(precious, F_OK), 0);
    assert_int_equal(access(inside, F_OK), -1);
    assert_int_equal(access(old, F_OK), -1);
    assert_int_equal(access(young, F_OK), 0);
    assert_int_equal(store_remove_media(f->store, 12345), 0);
}

/* The linker's --wrap option puts this in place of fsync(). */
static bool sync_fails;
int __real_fsync(int fd); /* NOLINT(bugprone-reserved-identifier): the linker's names */
int __wrap_fsync(int fd); /* NOLINT(bugprone-reserved-identifier) */
int __wrap_fsync(int fd)  /* NOLINT(bugprone-reserved-identifier) */
{
    if (!sync_fails)
        return __real_fsync(fd);
    errno = EIO;
    return -1;
}

/* A second fsync would succeed, although the bytes are not on the disk. */
static void test_what_can_not_be_synced_is_removed(void **state)
{
    struct fixture *f = *state;
    static const char name[] = "0123456789abcdef0123456789abcdef";
    char path[STORE_PATH_BYTES], sha256[65];
    struct stat status;
    assert_int_equal(store_source_path(f->store, name, path), 0);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, "synced, and not", 15), 15);
    close(fd);
    sync_fails = true;
    assert_int_equal(store_seal_source(f->store, name, 6, NULL, sha256, NULL, NULL), -EIO);
    sync_fails = false;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 6);
}

/* What a killed node's workers had begun goes, and nothing else. */
static void test_unfinished_files_are_swept(void **state)
{
    struct fixture *f = *state;
    char folder[192], kept[224], unfinished[224];
    snprintf(folder, sizeof(folder), "%s/media/7", f->data);
    assert_int_equal(mkdir(folder, 0700), 0);
    snprintf(kept, sizeof(kept), "%s/00001.chunk", folder);
    snprintf(unfinished, sizeof(unfinished), "%s/00002.chunk.123.tmp", folder);
    close(open(kept, O_CREAT | O_WRONLY, 0600));
    close(open(unfinished, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(store_sweep_unfinished(f->store), 1);
    assert_int_equal(access(kept, F_OK), 0);
    assert_int_equal(access(unfinished, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_opening_checks_the_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_long_path_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_media_without_a_catalog_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_paths_stay_inside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_lock_dies_with_its_process, setup, teardown),
        cmocka_unit_test_setup_teardown(test_import_copies_and_hashes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sweeping_follows_no_link, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unfinished_files_are_swept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_can_not_be_synced_is_removed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
