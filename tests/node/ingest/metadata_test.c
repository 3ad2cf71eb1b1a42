/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Upload-Metadata: what browsers send, and what other clients might send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/ingest/metadata.h"

static void test_valid_metadata_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *header, *filename, *title;
        bool publish;
    } cases[] = {
        {NULL, "upload", "", false},
        {"", "upload", "", false},
        {"filename bGVzc29uLm1wNA==", "lesson.mp4", "", false},
        {"filename bGVzc29uLm1wNA==,title 5rC056i7", "lesson.mp4", "水稻", false},
        {"title 5rC056i7 , filename bGVzc29uLm1wNA== ,publish MQ==", "lesson.mp4", "水稻", true},
        {"filename QzpcdmlkZW9zXGEubXA0", "a.mp4", "", false},      /* C:\videos\a.mp4 */
        {"filename Li4vLi4vZXRjL3Bhc3N3ZA==", "passwd", "", false}, /* ../../etc/passwd */
        {"filename L2V0Yy8=", "upload", "", false},                 /* /etc/ */
        {"title y661vg==", "upload", NULL, false}, /* GBK, which is read as GB18030 */
        /* a line end in the title becomes a space */
        {"unknown AAAA,title YQpi", "upload", "a b", false},
        {"relativePath", "upload", "", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct metadata m;
        assert_int_equal(metadata_parse(cases[i].header, &m), 0);
        assert_string_equal(m.filename, cases[i].filename);
        if (cases[i].title)
            assert_string_equal(m.title, cases[i].title);
        else
            assert_memory_equal(m.title, "水", 3);
        assert_int_equal(m.publish, cases[i].publish);
    }
}

static void test_malformed_metadata_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "title ***",
        "title YQ",
        "title AAA=",
        "title YWI=YWI=",
        "filename AGE=",
        "title //79",
        "language YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct metadata m;
        if (metadata_parse(cases[i], &m) != -1)
            fail_msg("accepted: %s -> '%s'", cases[i], m.title);
    }
}

static void test_long_metadata_is_refused(void **state)
{
    (void)state;
    static char header[20000];
    struct metadata m;
    strcpy(header, "title "); /* NOLINT: it fits */
    memset(header + 6, 'Y', sizeof(header) - 7);
    assert_int_equal(metadata_parse(header, &m), -1);

    /* This is the longest name that NTFS allows. */
    strcpy(header, "filename "); /* NOLINT: it fits */
    for (int i = 0; i < 255; i++)
        memcpy(header + 9 + (size_t)4 * i, "6K++", 5);
    assert_int_equal(metadata_parse(header, &m), 0);
    assert_int_equal(strlen(m.filename), 3 * 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_valid_metadata_is_read),
        cmocka_unit_test(test_malformed_metadata_is_refused),
        cmocka_unit_test(test_long_metadata_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
