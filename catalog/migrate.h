/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bringing a catalog to the form that this program knows. */
#ifndef CATALOG_MIGRATE_H
#define CATALOG_MIGRATE_H

#include <stdbool.h>

#include "catalog/errors.h"

/*
 * Fills a new file, or migrates an older one, one step after the other.
 * cat: the file is open; nothing else was done with it.
 * may_fill: false: an empty file is ENOTFOUND.
 * may_migrate: false: an older file is ESTATE.
 * Errors: also EFOREIGN and ENEWER.
 */
enum catalog_error migrate(struct catalog *cat, bool may_fill, bool may_migrate);

#endif
