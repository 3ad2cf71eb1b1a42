/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lessons as JSON, the same for the API and for `terrace ls --json`, `terrace show --json`. Pure;
 * any thread. */
#ifndef NODE_API_LESSON_JSON_H
#define NODE_API_LESSON_JSON_H

#include <jansson.h>

#include "catalog/catalog.h"

/* What everybody may see. A new reference, or NULL: out of memory. */
json_t *lesson_json(const struct catalog_lesson *lesson);
/* What operators see as well: source, progress, reason, publication, its place in the queue (if
 * catalog_queue_positions() was asked). */
json_t *lesson_json_operator(const struct catalog_lesson *lesson);
json_t *lesson_json_events(const struct catalog_events *events);
/* Adds what was found out about its sound ("audio", a list) and its pictures ("pictures", null
 * before the probe and without any). lesson must be one that was got alone. 0, or -1: out of
 * memory.
 */
int lesson_json_add_findings(json_t *json, const struct catalog_lesson *lesson);
json_t *lesson_json_renditions(const struct catalog_renditions *renditions);
json_t *lesson_json_job(const struct catalog_job *job);
json_t *lesson_json_jobs(const struct catalog_jobs *jobs);

#endif
