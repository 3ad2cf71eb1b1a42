/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What workers have made. Each function takes the job and its owner, and changes nothing unless the
 * owner has the job's lease.
 *
 * Errors of all functions: ESTATE: the owner does not have the lease any more; ENOTFOUND: the
 * lesson was removed. The worker must then be stopped.
 */
#ifndef CATALOG_JOB_RESULTS_H
#define CATALOG_JOB_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/errors.h"
#include "catalog/jobs.h"
#include "catalog/renditions.h"

/* A rendition that the planner wants. */
struct catalog_new_rendition {
    const char *name;
    enum catalog_media_kind kind;
    int width, height, fps_num, fps_den, channels, sample_rate;
    const char *language;
    int64_t cap_bps;
    int timescale, chunk_count;
    const char *plan_text;
    bool optional; /* the lesson is READY without it; only optional jobs make it */
};

struct catalog_probe_result {
    const char *info_text;
    const char *title; /* used if the lesson has no title */
    int64_t duration_us;
    const char *remuxed_file; /* the copy in DATA/sources that workers read from now on; "" none */
    int64_t remuxed_bytes;
    const struct catalog_new_rendition *renditions;
    size_t rendition_count;
    const struct catalog_new_job *jobs;
    size_t job_count;
};

/* Ends a probe: stores what it found, adds renditions and jobs, and makes the lesson WORKING.
 * EINVAL: there are no renditions or no jobs. */
enum catalog_error catalog_job_finish_probe(struct catalog *catalog, int64_t job_id,
    const char *owner, const struct catalog_probe_result *result, int64_t now_ms);

/* Ends any other job. The last needed job of a lesson makes it READY (event "completed"). EINVAL:
 * the job is a probe. */
enum catalog_error catalog_job_finish(
    struct catalog *catalog, int64_t job_id, const char *owner, int64_t now_ms);

/* Records the init segment of a rendition. May be repeated with the same hash. EEXISTS: the
 * rendition has an init segment with another hash. */
enum catalog_error catalog_rendition_set_init(struct catalog *catalog, int64_t job_id,
    const char *owner, int64_t rendition_id, int64_t bytes, const char *sha256, const char *codecs);

/*
 * Records a finished chunk. Its file must be in place and synced.
 * May be repeated with the same hash. The last chunk of an optional rendition adds an event
 * ("extra_added", with the rendition's name).
 * Errors: EINVAL: the number or the segments are wrong; EEXISTS: the chunk exists with another
 * hash, so encoding is not deterministic.
 */
enum catalog_error catalog_chunk_add(struct catalog *catalog, int64_t job_id, const char *owner,
    const struct catalog_chunk *chunk, int64_t now_ms);

/* Records the poster's file name, relative to the folder of the revision. */
enum catalog_error catalog_lesson_set_poster(
    struct catalog *catalog, int64_t job_id, const char *owner, const char *poster_file);

/* Records how many sheets the storyboard has. */
enum catalog_error catalog_lesson_set_storyboard(
    struct catalog *catalog, int64_t job_id, const char *owner, int sheets);

#endif
