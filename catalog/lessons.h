/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Creating, changing and removing lessons. lesson_rows.h reads them. */
#ifndef CATALOG_LESSONS_H
#define CATALOG_LESSONS_H

#include <stdbool.h>
#include <stdint.h>

#include "catalog/errors.h"
#include "catalog/lesson_rows.h"

struct catalog_new_lesson {
    const char *title; /* UTF-8; "": the title in the file's tags, or the file's name */
    const char *topic; /* NULL: ""; the same holds for the next three strings */
    const char *description;
    const char *language;    /* BCP 47, e.g. "zh"; "" unknown */
    const char *submitter;   /* name of the user who handed it in, or "cli" */
    bool publish;            /* show it to terminals as soon as it is playable */
    const char *source_file; /* its name in DATA/sources */
    const char *source_name; /* the name that the user's file had, UTF-8, for people */
    int64_t source_bytes;
    const char *source_sha256; /* 64 hex digits; "" unknown */
    int64_t now_ms;
};

/*
 * Creates a lesson with its source and its first job, the probe.
 * lesson_id: gets its number, from 1 up. A number is never used twice.
 * EINVAL: the source has no name or a negative size.
 */
enum catalog_error catalog_lesson_create(
    struct catalog *catalog, const struct catalog_new_lesson *lesson, int64_t *lesson_id);

/* From now on, new lessons have numbers above this one. Does nothing if they have already. */
enum catalog_error catalog_lessons_begin_after(struct catalog *catalog, int64_t lesson_id);

/* The new texts. NULL leaves a text as it is. */
struct catalog_lesson_edit {
    const char *title, *topic, *description, *language;
};

/* Changes a lesson's texts. ENOTFOUND. */
enum catalog_error catalog_lesson_edit(struct catalog *catalog, int64_t lesson_id,
    const struct catalog_lesson_edit *edit, int64_t now_ms);

/*
 * Publishes or unpublishes a lesson, and adds an event.
 * Publishing is a flag: terminals see a lesson that is both published and playable.
 * by: the name of the user.
 * Errors: ENOTFOUND; ESTATE: a failed lesson can't be published.
 */
enum catalog_error catalog_lesson_set_published(
    struct catalog *catalog, int64_t lesson_id, bool published, const char *by, int64_t now_ms);

/*
 * Pauses or resumes a lesson. If that is a change, adds the event "paused" or "resumed".
 * No job of a paused lesson starts. Jobs that run go on to their end.
 * Errors: ENOTFOUND; ESTATE: no work is left.
 */
enum catalog_error catalog_lesson_set_paused(
    struct catalog *catalog, int64_t lesson_id, bool paused, const char *by, int64_t now_ms);

/*
 * Sets a lesson's priority. If that is a change, adds an event: "priority_low", "priority_normal",
 * "priority_high".
 * Errors: EINVAL: there is no such priority; ENOTFOUND; ESTATE: no work is left.
 */
enum catalog_error catalog_lesson_set_priority(
    struct catalog *catalog, int64_t lesson_id, int priority, const char *by, int64_t now_ms);

/* Returns "low", "normal", "high", or NULL if it is no priority. */
const char *catalog_priority_name(int priority);

/* Returns false, and leaves *priority, if name is none of these. */
bool catalog_priority_parse(const char *name, enum catalog_priority *priority);

/*
 * Retries a failed lesson, or a lesson's failed optional jobs, and adds an event.
 * The failed jobs are queued again and have all their attempts. Finished jobs stay. The lesson is
 * not paused any more.
 * Errors: ENOTFOUND; ESTATE: nothing has failed.
 */
enum catalog_error catalog_lesson_retry(
    struct catalog *catalog, int64_t lesson_id, const char *by, int64_t now_ms);

/* Removes a lesson and all its rows. The caller removes its files. ENOTFOUND. */
enum catalog_error catalog_lesson_remove(struct catalog *catalog, int64_t lesson_id);

/* ---- for the other files of catalog/ ---- */

/* Does what catalog_lesson_create() does, inside the caller's transaction. */
enum catalog_error lesson_insert(
    struct catalog *cat, const struct catalog_new_lesson *lesson, int64_t *lesson_id);

#endif
