/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new catalog in a folder of its own, for each test. */
#ifndef TESTS_CATALOG_CATALOG_FIXTURE_H
#define TESTS_CATALOG_CATALOG_FIXTURE_H

#include "catalog/catalog.h"

struct fixture {
    char dir[64], path[96], message[512];
    struct catalog *catalog;
};

/* For cmocka: *state becomes a struct fixture, and its folder is removed at the end. */
int catalog_fixture_setup(void **state);
int catalog_fixture_teardown(void **state);

/* Adds a lesson whose source is stored under this name. Returns its number. */
int64_t new_lesson(struct catalog *c, const char *file);

#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, catalog_fixture_setup, catalog_fixture_teardown)

#endif
