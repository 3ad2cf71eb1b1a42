/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happened to a lesson. */
#ifndef CATALOG_EVENTS_H
#define CATALOG_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/errors.h"

struct catalog_event {
    int64_t id, lesson_id, time_ms;
    char *code;   /* "created", "probed", "retry", "completed", "published", "failed", "salvaged",
                     ...; the node has a sentence for each */
    char *detail; /* facts for that sentence, such as a user's name or the name of a reason */
};

struct catalog_events {
    struct catalog_event *items;
    size_t count;
};

/* Adds an event to a lesson. ENOTFOUND: there is no such lesson. */
enum catalog_error catalog_event_add(struct catalog *catalog, int64_t lesson_id, const char *code,
    const char *detail, int64_t now_ms);

/*
 * Reads the events of a lesson, oldest first.
 * limit: only this many of the newest; 0: all.
 */
enum catalog_error catalog_events(
    struct catalog *catalog, int64_t lesson_id, int limit, struct catalog_events *out);

void catalog_events_free(struct catalog_events *events);

/* ---- for the other files of catalog/ ---- */

/* Adds an event, inside the caller's transaction. */
enum catalog_error event_insert(
    struct catalog *cat, int64_t lesson_id, const char *code, const char *detail, int64_t now_ms);

#endif
