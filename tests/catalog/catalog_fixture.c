/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/catalog/catalog_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

int catalog_fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "/tmp/terrace-catalog-XXXXXX");
    if (!f || !mkdtemp(f->dir))
        return -1;
    snprintf(f->path, sizeof(f->path), "%s/catalog.db", f->dir);
    *state = f;
    return catalog_open(
        &f->catalog, &(struct catalog_params){.path = f->path}, f->message, sizeof(f->message));
}

int catalog_fixture_teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    catalog_close(&f->catalog);
    snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    int result = system(command); /* NOLINT(cert-env33-c): a path of our own making */
    free(f);
    return result;
}

int64_t new_lesson(struct catalog *c, const char *file)
{
    int64_t id = 0;
    struct catalog_new_lesson lesson = {.title = "",
        .submitter = "cli",
        .source_file = file,
        .source_name = "水稻.mp4",
        .source_bytes = 10,
        .now_ms = 1000};
    assert_int_equal(catalog_lesson_create(c, &lesson, &id), CATALOG_OK);
    return id;
}
