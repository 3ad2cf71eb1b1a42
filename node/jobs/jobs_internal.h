/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of node/jobs. */
#ifndef NODE_JOBS_JOBS_INTERNAL_H
#define NODE_JOBS_JOBS_INTERNAL_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "node/jobs/jobs.h"
#include "transcoder/protocol/job.h"
#include "transcoder/protocol/message.h"

/* What a worker process inherits besides 0 and 1 (/dev/null); everything else is closed. */
struct heritage {
    int log;      /* becomes 2 */
    int text;     /* JOB_FD_TEXT */
    int messages; /* JOB_FD_MESSAGES */
    int source;   /* JOB_FD_SOURCE */
    int output;   /* JOB_FD_OUTPUT */
};

/* Why a worker's end is not what its exit status says. */
enum worker_fate {
    FATE_OWN = 0, /* it ended by itself */
    FATE_STOPPED, /* the node is stopping */
    FATE_LOST,    /* its lease or its lesson is gone */
    FATE_TIMED_OUT,
    FATE_MALFORMED, /* it sent what it must not send */
    FATE_DISK_FULL, /* the catalog or the disk could not take its results */
    FATE_SHORT,     /* descriptors, memory or processes ran out: it was never started */
};

struct worker {
    struct jobs *jobs;
    struct worker *next;
    struct catalog_jobs leased; /* of one */
    struct catalog_renditions renditions;
    char remux_name[33];
    pid_t pid;
    int pid_fd, message_fd, log_fd;
    struct event *on_exit, *on_message, *on_log;
    uint8_t *buffer; /* of a message that is not whole yet */
    size_t buffer_bytes;
    char log_line[512];
    size_t log_bytes;
    int log_lines;
    enum worker_fate fate;
    bool done;   /* it has said that all is done */
    bool probed; /* its findings are in the catalog, which ended the job */
    enum reason reason;
    char detail[256];
    int permille;
    int64_t heard_ms;     /* when it last said something; monotonic, as is told_ms */
    int64_t heard_cpu_ms; /* the processor time that it had then used */
    int64_t told_ms;      /* when the catalog last heard of it */
};

struct jobs {
    struct event_base *base;
    struct catalog *catalog;
    const struct store *store;
    char *worker_path;
    int most_workers, nice_level;
    struct plan_options plan;
    int64_t lease_ms, silence_ms;
    char owner[48];
    struct event *poll;
    struct worker *workers;
    int running;
    bool stopping;
    bool paused_for_room;
    int64_t paused_until_ms;
    /* The job that was last ended by a SIGKILL from outside, and how often in a row: see MOST_KILLS
     * in worker.c. */
    int64_t killed_job;
    int killed_count;
};

static inline const struct catalog_job *worker_job(const struct worker *worker)
{
    return &worker->leased.items[0];
}

/* The kind of renditions that the worker's job makes: enum catalog_media_kind. */
static inline int worker_media_kind(const struct worker *worker)
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

/* The chunk of a rendition that its job makes; -1: all of them. */
static inline int worker_chunk(
    const struct worker *worker, const struct catalog_rendition *rendition)
{
    const struct catalog_job *job = worker_job(worker);
    return job->kind == CATALOG_JOB_VIDEO    ? job->chunk % rendition->chunk_count
           : job->kind == CATALOG_JOB_LEGACY ? job->chunk
                                             : -1;
}

/* spawn.c: starts the worker program with that heritage and nothing else. The pid, or a negative
 * errno. It exits with this code if there are no descriptors to do so. */
#define SPAWN_SHORT 125
pid_t spawn_worker(const char *path, const struct heritage *heritage, int nice_level);

/* assign.c: what a leased job needs: its text, source, output folder. Fills *heritage's text,
 * source, output; the caller closes them. 0; negative with worker->reason and detail set. */
int assign_work(struct worker *worker, struct heritage *heritage);

/* record.c: takes a message, checks it against what the worker was told to do, tells the catalog.
 * 0; -1: the worker must be ended, its fate is set. */
int record_message(struct worker *worker, const struct message *message);

/* worker.c */
int worker_start(
    struct jobs *jobs, struct catalog_jobs *leased); /* takes *leased over in any case */
void worker_kill(struct worker *worker, enum worker_fate fate);
/* Renews the lease; ends a worker that is past its deadline or has fallen silent. */
void worker_tend(struct worker *worker, int64_t now_ms);
/* jobs.c: a worker has ended and was freed. */
void jobs_worker_ended(struct jobs *jobs, struct worker *worker);
/* jobs.c: no new work for a while; why is for the log. */
void jobs_pause(struct jobs *jobs, const char *why);
/* worker.c: whether an errno says that the machine is short of something, which passes. */
bool worker_error_passes(int error);

#endif
