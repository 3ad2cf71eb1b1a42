/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Jobs: the work that makes a lesson, and the leases under which workers do it.
 *
 *  QUEUED --lease--> LEASED --finish--> DONE
 *    ^                 |  \
 *    |  lease ran out, |   `--gave up, or no attempt is left--> FAILED (with the lesson's other
 *    |                 |                                        jobs; if it is optional, with its
 *    `-- worker died --'                                        other optional jobs)
 */
#ifndef CATALOG_JOBS_H
#define CATALOG_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/errors.h"

enum catalog_job_state {
    CATALOG_JOB_QUEUED = 0,
    CATALOG_JOB_LEASED = 1,
    CATALOG_JOB_DONE = 2,
    CATALOG_JOB_FAILED = 3,
};

/* Returns "queued", "leased", "done", "failed", or NULL if it is no state. */
const char *catalog_job_state_name(int state);

enum catalog_job_kind {
    CATALOG_JOB_PROBE = 0, /* measures the source, and remuxes it if needed */
    CATALOG_JOB_AUDIO = 1, /* all chunks of all audio renditions, in one run */
    CATALOG_JOB_VIDEO = 2, /* one chunk of some video renditions: work number `chunk` of the plan */
    CATALOG_JOB_POSTER = 3, /* the poster, then the storyboard */
    CATALOG_JOB_TEXT = 4,   /* all chunks of all text renditions, in one run */
    CATALOG_JOB_LEGACY = 5, /* chunk number `chunk` of the legacy rendition, from finished audio */
};

/* Returns "probe", "audio", "video", "poster", "text", "legacy", or NULL if it is no kind. */
const char *catalog_job_kind_name(int kind);

struct catalog_job {
    int64_t id, lesson_id;
    int revision;
    enum catalog_job_kind kind;
    enum catalog_job_state state;
    int chunk;   /* see enum catalog_job_kind; else 0 */
    int cost;    /* its weight in the lesson's progress; also booked in the fair queue */
    int attempt; /* how often it was leased, now included; leases that were released do not count */
    int max_attempts;
    int progress_permille;
    int64_t lease_until_ms;       /* LEASED: the lease ends then; progress renews it */
    int64_t deadline_ms;          /* LEASED: the attempt ends then, whatever the progress */
    char *owner;                  /* LEASED: who has the lease */
    char *reason, *reason_detail; /* of the last failure; "" none */
    char *lesson_title;
};

struct catalog_jobs {
    struct catalog_job *items;
    size_t count;
};

/*
 * Leases the next job to an owner.
 *
 * Order: lessons share the workers fairly (fair_queue.h has the rules). Within a lesson, the kind
 * decides: probe, audio and text, video with the poster after the first chunk, legacy. Within a
 * kind, the chunk decides. Optional jobs come after all other jobs of all lessons. Paused lessons
 * wait. Legacy chunks wait until their lesson's audio is done; a lesson that has nothing else lets
 * other lessons go first.
 *
 * Booking: the cost is booked to the submitter in the catalog, so a crash does not change whose
 * turn it is. catalog_job_release() and catalog_jobs_recover() take it back.
 *
 * On the way, a job whose lease ran out is queued again. If the next job has no attempt left, it
 * is FAILED with its last reason, and its lesson too; if it is optional, its lesson's other
 * optional jobs instead. Then another job is next.
 *
 * lease_ms, deadline_ms: from now.
 *
 * out: gets one job, LEASED to the owner.
 *
 * ENOTFOUND: there is nothing to do. What happened on the way is kept all the same.
 */
enum catalog_error catalog_job_lease(struct catalog *catalog, const char *owner, int64_t now_ms,
    int64_t lease_ms, int64_t deadline_ms, struct catalog_jobs *out);

/*
 * Sets a job's progress, and renews its lease to now_ms + lease_ms.
 * Errors, here and below: ESTATE: the owner does not have the lease any more; ENOTFOUND: the lesson
 * was removed. The worker must then be stopped.
 */
enum catalog_error catalog_job_progress(struct catalog *catalog, int64_t job_id, const char *owner,
    int progress_permille, int64_t now_ms, int64_t lease_ms);

/*
 * Gives a job back after a failure, and adds an event.
 * retry: true queues the job again, or fails it if no attempt is left; false fails it at once. A
 * job that fails takes its lesson with it. An optional job takes only its lesson's other optional
 * jobs with it (event "extras_failed").
 */
enum catalog_error catalog_job_give_back(struct catalog *catalog, int64_t job_id, const char *owner,
    bool retry, const char *reason, const char *reason_detail, int64_t now_ms);

/* Gives a job back without counting the attempt, because its end was not its own failure: the node
 * stops, the machine is short of a resource, or the worker was killed from outside. */
enum catalog_error catalog_job_release(struct catalog *catalog, int64_t job_id, const char *owner);

/*
 * Queues every job again that is leased to another owner, without counting the attempt.
 * The caller holds the jobs lock, so it knows that those owners are dead.
 */
enum catalog_error catalog_jobs_recover(struct catalog *catalog, const char *owner);

/*
 * Reads the jobs of one lesson, in the order in which they run.
 * lesson_id: 0 reads all queued and leased jobs, lesson by lesson.
 */
enum catalog_error catalog_jobs(
    struct catalog *catalog, int64_t lesson_id, struct catalog_jobs *out);

void catalog_jobs_free(struct catalog_jobs *jobs);

/* A job to add: the probe of a new lesson, or a job that follows from its plan. */
struct catalog_new_job {
    enum catalog_job_kind kind;
    int chunk, cost;
    bool optional; /* the lesson is READY without what it makes */
};

/* ---- for the other files of catalog/, inside a transaction ---- */

/* The part of a job that its owner's messages need. */
struct job_lease {
    int64_t lesson_id;
    int revision, attempt, max_attempts;
    enum catalog_job_kind kind;
    bool optional;
};

/* Adds a job. EINVAL: its kind or cost is out of range. */
enum catalog_error job_insert(
    struct catalog *cat, int64_t lesson_id, int revision, const struct catalog_new_job *job);

/* Checks that the owner has the lease of a job, and reads what is needed of the job. Errors: as for
 * catalog_job_progress(). */
enum catalog_error job_check_lease(
    struct catalog *cat, int64_t job_id, const char *owner, struct job_lease *out);

/* Ends the lease of a job and sets its state. reason, detail: of a failure, else "". */
enum catalog_error job_set_state(struct catalog *cat, int64_t job_id, enum catalog_job_state state,
    const char *reason, const char *detail);

/* Makes the lesson READY if no needed job of it is left (event "completed"). */
enum catalog_error job_finish_lesson(
    struct catalog *cat, int64_t lesson_id, int revision, int64_t now_ms);

#endif
