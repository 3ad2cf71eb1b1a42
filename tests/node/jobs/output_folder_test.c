/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder that receives a worker's files: nothing leads out of it, and only finished files
 * stay. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/jobs/output_folder.h"

struct fixture {
    char path[64];
    struct output_folder folder;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->path, sizeof(f->path), "/tmp/terrace-output-XXXXXX");
    if (!mkdtemp(f->path))
        return -1;
    f->folder.fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    f->folder.worker = 7;
    *state = f;
    return f->folder.fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    output_folder_close(&f->folder);
    snprintf(command, sizeof(command), "rm -rf %s", f->path);
    int result = system(command); /* NOLINT(cert-env33-c): a path of our own making */
    free(f);
    return result;
}

static bool is_there(const struct fixture *f, const char *name)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", f->path, name);
    return access(path, F_OK) == 0;
}

static void test_a_file_gets_its_name_when_it_is_kept(void **state)
{
    struct fixture *f = *state;
    int fd = output_folder_create(&f->folder, "v80/init.mp4");
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "abc", 3), 3);
    close(fd);
    assert_true(is_there(f, "v80/init.mp4.7.tmp"));
    assert_int_equal(output_folder_read(&f->folder, "v80/init.mp4"), -ENOENT);
    assert_int_equal(output_folder_keep(&f->folder, "v80/init.mp4"), 0);
    assert_false(is_there(f, "v80/init.mp4.7.tmp"));
    fd = output_folder_read(&f->folder, "v80/init.mp4");
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    close(fd);
    assert_int_equal(output_folder_keep(&f->folder, "v80/init.mp4"), -ENOENT);
}

static void test_unfinished_files_are_removed(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++)
        close(output_folder_create(&f->folder, names[i]));
    close(output_folder_create(&f->folder, "b")); /* begun again: still one file */
    assert_int_equal(f->folder.unfinished_count, 3);
    assert_int_equal(output_folder_keep(&f->folder, "a"), 0);
    output_folder_close(&f->folder);
    assert_true(is_there(f, "a"));
    assert_false(is_there(f, "b.7.tmp"));
    assert_false(is_there(f, "c.7.tmp"));
}

static void test_no_path_leads_out(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = {"", "/etc/passwd", "..", "../x", "a/../b", "a/.b", "a/b/c",
        "a/", ".hidden", "a//b",
        "0123456789012345678901234567890123456789012345678901234567890123456789"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_int_equal(output_folder_create(&f->folder, paths[i]), -EINVAL);
        assert_int_equal(output_folder_read(&f->folder, paths[i]), -EINVAL);
        assert_int_equal(output_folder_keep(&f->folder, paths[i]), -ENOENT);
    }
}

static void test_links_are_not_followed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(symlinkat("/etc/passwd", f->folder.fd, "link"), 0);
    assert_int_equal(symlinkat("/tmp/never", f->folder.fd, "x.7.tmp"), 0);
    assert_int_equal(output_folder_read(&f->folder, "link"), -ELOOP);
    assert_int_equal(output_folder_create(&f->folder, "x"), -ELOOP);
}

static void test_the_number_of_unfinished_files_is_bounded(void **state)
{
    struct fixture *f = *state;
    char name[16];
    for (int i = 0; i < OUTPUT_MAX_UNFINISHED; i++) {
        snprintf(name, sizeof(name), "%d", i);
        int fd = output_folder_create(&f->folder, name);
        assert_true(fd >= 0);
        close(fd);
    }
    assert_int_equal(output_folder_create(&f->folder, "more"), -EBUSY);
    assert_int_equal(output_folder_keep(&f->folder, "0"), 0);
    int fd = output_folder_create(&f->folder, "more");
    assert_true(fd >= 0);
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_file_gets_its_name_when_it_is_kept),
        TEST(test_unfinished_files_are_removed),
        TEST(test_no_path_leads_out),
        TEST(test_links_are_not_followed),
        TEST(test_the_number_of_unfinished_files_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
