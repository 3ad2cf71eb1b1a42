/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lessons as JSON. The API, `terrace ls --json` and `terrace show --json` all use it. Pure; any
 * thread. */
#ifndef NODE_API_LESSON_JSON_H
#define NODE_API_LESSON_JSON_H

#include <jansson.h>

#include "catalog/catalog.h"

/* What everybody may see. Returns a new reference; NULL: memory ran out. */
json_t *lesson_json(const struct catalog_lesson *lesson);
/* What operators see: lesson_json(), and also source, progress, reason of a failure and so on. The
 * position in the queue is there if catalog_queue_positions() was called. */
json_t *lesson_json_operator(const struct catalog_lesson *lesson);
/* A list of lessons, as terminals or as operators see them. */
json_t *lesson_json_list(const struct catalog_lesson *lessons, size_t count, bool for_operators);
json_t *lesson_json_events(const struct catalog_events *events);
/* Adds the findings of the probe: "audio", a list; and "pictures", which is null before the probe
 * and for lessons without video. The lesson must come from catalog_lesson_get(). Returns 0; or -1
 * if memory ran out. */
int lesson_json_add_findings(json_t *json, const struct catalog_lesson *lesson);
json_t *lesson_json_renditions(const struct catalog_renditions *renditions);
json_t *lesson_json_job(const struct catalog_job *job);
json_t *lesson_json_jobs(const struct catalog_jobs *jobs);

#endif
