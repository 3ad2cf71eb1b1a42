/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cache of open files of one loop. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/http/file_cache.h"

struct folder {
    char path[64];
};

static int open_folder(void **state)
{
    struct folder *folder = malloc(sizeof(*folder));
    strcpy(folder->path, "/tmp/terrace-files-XXXXXX");
    *state = folder;
    return mkdtemp(folder->path) ? 0 : -1;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", folder->path);
    free(folder);
    return system(command);
}

static const char *write_file(const struct folder *folder, const char *name, const char *text)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    return path;
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void check(const struct file_cache_entry *entry, const char *text)
{
    char read[64] = "";
    assert_int_equal(entry->bytes, strlen(text));
    assert_int_equal(pread(entry->fd, read, sizeof(read) - 1, 0), strlen(text));
    assert_string_equal(read, text);
}

static void test_a_requested_file_stays_open(void **state)
{
    const char *path = write_file(*state, "a", "one");
    const struct file_cache_entry *entry;
    struct file_cache *files;
    int fd, before = open_descriptors();
    assert_int_equal(file_cache_open(&files, 4), 0);
    assert_int_equal(file_cache_get(files, path, 1000, &entry), 0);
    check(entry, "one");
    fd = entry->fd;
    assert_int_equal(file_cache_get(files, path, 1500, &entry), 0);
    assert_int_equal(entry->fd, fd);
    assert_int_equal(file_cache_get(files, path, 9000, &entry), 0);
    assert_int_equal(entry->fd, fd);
    assert_int_equal(open_descriptors(), before + 1);
    file_cache_tick(files, 28000);
    assert_int_equal(open_descriptors(), before + 1);
    file_cache_tick(files, 29000);
    assert_int_equal(open_descriptors(), before);
    file_cache_close(&files);
}

/* If a file is replaced or removed, this is noticed within a second. */
static void test_a_replaced_file_is_noticed(void **state)
{
    const struct folder *folder = *state;
    const char *path = write_file(folder, "a", "one");
    const struct file_cache_entry *entry;
    struct file_cache *files;
    assert_int_equal(file_cache_open(&files, 4), 0);
    assert_int_equal(file_cache_get(files, path, 1000, &entry), 0);
    assert_int_equal(unlink(path), 0);
    write_file(folder, "a", "other");
    assert_int_equal(file_cache_get(files, path, 2000, &entry), 0);
    check(entry, "other");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(file_cache_get(files, path, 3000, &entry), -ENOENT);
    assert_int_equal(file_cache_get(files, path, 3000, &entry), -ENOENT);
    file_cache_close(&files);
}

static void test_links_and_folders_are_refused(void **state)
{
    const struct folder *folder = *state;
    const struct file_cache_entry *entry;
    struct file_cache *files;
    char link[128], pipe[128];
    snprintf(link, sizeof(link), "%s/link", folder->path);
    snprintf(pipe, sizeof(pipe), "%s/pipe", folder->path);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_int_equal(file_cache_open(&files, 4), 0);
    assert_int_equal(file_cache_get(files, link, 0, &entry), -ELOOP);
    assert_int_equal(file_cache_get(files, pipe, 0, &entry), -EIO);
    assert_int_equal(file_cache_get(files, folder->path, 0, &entry), -EIO);
    file_cache_close(&files);
}

/* When the cache is full, the least recently used file is closed. */
static void test_the_longest_unused_file_is_closed(void **state)
{
    const struct file_cache_entry *entry;
    struct file_cache *files;
    int before = open_descriptors();
    assert_int_equal(file_cache_open(&files, 3), 0);
    for (int i = 0; i < 20; i++) {
        char name[16], text[16];
        snprintf(name, sizeof(name), "f%d", i % 7);
        snprintf(text, sizeof(text), "text %d", i % 7);
        assert_int_equal(
            file_cache_get(files, write_file(*state, name, text), 5000 + i, &entry), 0);
        check(entry, text);
        assert_true(open_descriptors() <= before + 3);
    }
    file_cache_close(&files);
    assert_int_equal(open_descriptors(), before);
}

/* When the process runs out of descriptors, cached files are closed to make room. */
static void test_cached_files_give_way_to_new_ones(void **state)
{
    char paths[4][128];
    const struct file_cache_entry *entry;
    struct file_cache *files;
    struct rlimit before, few;
    for (int i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof(name), "few%d", i);
        snprintf(paths[i], sizeof(paths[i]), "%s", write_file(*state, name, name));
    }
    assert_int_equal(file_cache_open(&files, 100), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = dup(0);
    close(next);
    few = (struct rlimit){(rlim_t)next + 2, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(file_cache_get(files, paths[i], 1000, &entry), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    check(entry, "few3");
    file_cache_close(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_requested_file_stays_open, open_folder, remove_folder),
        cmocka_unit_test_setup_teardown(
            test_a_replaced_file_is_noticed, open_folder, remove_folder),
        cmocka_unit_test_setup_teardown(
            test_links_and_folders_are_refused, open_folder, remove_folder),
        cmocka_unit_test_setup_teardown(
            test_the_longest_unused_file_is_closed, open_folder, remove_folder),
        cmocka_unit_test_setup_teardown(
            test_cached_files_give_way_to_new_ones, open_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
