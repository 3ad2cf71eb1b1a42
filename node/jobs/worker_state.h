/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of a worker process. Only files of this folder include this header. They use the state
 * on the scheduler's thread. */
#ifndef NODE_JOBS_WORKER_STATE_H
#define NODE_JOBS_WORKER_STATE_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "catalog/catalog.h"
#include "node/jobs/output_folder.h"
#include "node/store/store.h"
#include "node/util/clock.h"
#include "transcoder/protocol/job.h"
#include "transcoder/protocol/message.h"

struct worker;

/* What all workers of a scheduler share. */
struct worker_params {
    struct event_base *base;
    struct catalog *catalog;
    const struct store *store;
    char *program; /* the path of terrace-worker */
    int nice_level;
    int threads;              /* threads of a worker for a probe or audio job; the others use one */
    struct plan_options plan; /* of lessons that are planned from now on */
    int64_t lease_ms;
    /* Wall time minus monotonic time when the scheduler was opened. See worker_lease_now_ms(). */
    int64_t clock_offset_ms;
    /* A worker that sends no message for this long is ended if it used processor time for half of
     * it. A worker that used less is ended if it is silent for six times as long. */
    int64_t silence_ms;
    /* A worker has ended; the job is settled. The worker is freed when this returns. */
    void (*on_end)(void *ctx, struct worker *worker);
    /* The machine is short of something: no new work for a while. what is for the log. */
    void (*on_short)(void *ctx, const char *what);
    /* The catalog can't be written, so a job could not be released. */
    void (*on_unreleased)(void *ctx, int64_t job_id);
    /* A job's worker failed for a reason that seems to lie outside of the job. Returns whether that
     * counts as a failed attempt after all, because it has happened too often. */
    bool (*on_excuse)(void *ctx, int64_t job_id);
    void *ctx;
};

/* Says what decides about the job after the worker has ended. */
enum worker_fate {
    FATE_OWN = 0, /* the exit status and the worker's own messages */
    FATE_STOPPED, /* the node is stopping */
    FATE_LOST,    /* its lease or its lesson is gone */
    FATE_TIMED_OUT,
    FATE_LINGERED,  /* it has reported its result, but did not end */
    FATE_MALFORMED, /* it sent a message that is malformed, that its job does not allow, or that the
                     * catalog refused */
    FATE_DISK_FULL, /* the disk is full, or the catalog could not be written: it was busy, or an I/O
                     * error occurred */
    FATE_SHORT,     /* it never started: descriptors, memory or processes ran out */
};

struct worker {
    const struct worker_params *params;
    struct worker *next;        /* the scheduler's list */
    struct catalog_jobs leased; /* one job */
    struct catalog_renditions renditions;
    char remux_name[33];         /* of a remuxed copy, if the probe makes one */
    struct output_folder output; /* receives the files of the job */
    struct plan *plan;           /* of the lesson; NULL for probes and posters */
    pid_t pid;
    int pid_fd, message_fd, log_fd;
    struct event *on_exit, *on_message, *on_log;
    uint8_t *buffer; /* of an incomplete message */
    size_t buffer_bytes;
    char log_line[512];
    size_t log_bytes;
    int log_lines;
    enum worker_fate fate;
    bool has_spoken;       /* it has written something, so the worker program runs */
    bool done;             /* the worker reported that the job is done, or nothing was left to do */
    bool probed;           /* the findings are in the catalog, which ended the job */
    int64_t settled_ms;    /* when done or probed was set; monotonic; 0: not yet */
    int results;           /* how many files it has reported */
    int64_t allowed_bytes; /* the most that it may write */
    enum reason reason;
    char detail[256];
    int permille;
    int64_t last_message_ms;     /* monotonic */
    int64_t last_message_cpu_ms; /* the processor time that the worker had used by then */
    int64_t lease_renewed_ms;    /* monotonic */
};

/* The job that the worker has leased. */
static inline const struct catalog_job *worker_job(const struct worker *worker)
{
    return &worker->leased.items[0];
}

/* Now, in the time of the leases: wall time that goes on evenly when somebody sets the clock.
 * Otherwise a clock that leaps forward would end all leases, and each job would lose an attempt. */
static inline int64_t worker_lease_now_ms(const struct worker_params *params)
{
    return clock_mono_ms() + params->clock_offset_ms;
}

/* The kind of renditions that the worker's job makes. Probe and poster jobs make none; for them the
 * value means nothing. */
static inline enum catalog_media_kind worker_media_kind(const struct worker *worker)
{
    switch (worker_job(worker)->kind) {
    case CATALOG_JOB_VIDEO:
        return CATALOG_VIDEO;
    case CATALOG_JOB_TEXT:
        return CATALOG_TEXT;
    case CATALOG_JOB_LEGACY:
        return CATALOG_LEGACY;
    default:
        return CATALOG_AUDIO;
    }
}

/* The chunk of a rendition that the worker's job makes; -1: all chunks. */
static inline int worker_chunk(
    const struct worker *worker, const struct catalog_rendition *rendition)
{
    const struct catalog_job *job = worker_job(worker);
    return job->kind == CATALOG_JOB_VIDEO    ? job->chunk % rendition->chunk_count
           : job->kind == CATALOG_JOB_LEGACY ? job->chunk
                                             : -1;
}

#endif
