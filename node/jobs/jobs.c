/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/jobs/jobs.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/jobs/jobs_internal.h"
#include "node/util/clock.h"
#include "node/util/log.h"

/* Less room than this, and no new work is begun. */
#define PAUSE_MS 30000

/* The hard end of one attempt; far beyond what slow machines need. */
static const int64_t deadlines_ms[] = {
    [CATALOG_JOB_PROBE] = 3600 * 1000LL,
    [CATALOG_JOB_AUDIO] = 6 * 3600 * 1000LL,
    [CATALOG_JOB_VIDEO] = 2 * 3600 * 1000LL,
    [CATALOG_JOB_POSTER] = 3600 * 1000LL,
    [CATALOG_JOB_TEXT] = 3600 * 1000LL,
    [CATALOG_JOB_LEGACY] = 2 * 3600 * 1000LL,
};

/* ---- sweeping ---- */

struct known {
    char **sources;
    size_t source_count;
    struct catalog_lessons lessons;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_known(void *ctx, const char *relative)
{
    const struct known *known = ctx;
    if (strncmp(relative, "sources/", 8) == 0) {
        const char *name = relative + 8;
        return bsearch(&name, known->sources, known->source_count, sizeof(char *), compare_names) !=
               NULL;
    }
    char *end;
    long long id = strtoll(relative + 6, &end, 10);
    for (size_t i = 0; *end == '\0' && i < known->lessons.count; i++)
        if (known->lessons.items[i].id == id)
            return true;
    return false;
}

static void sweep(struct jobs *jobs)
{
    struct known known = {0};
    if (catalog_source_files(jobs->catalog, &known.sources, &known.source_count) == CATALOG_OK &&
        catalog_lessons(jobs->catalog, &(struct catalog_lesson_filter){0}, &known.lessons) ==
            CATALOG_OK) {
        qsort(known.sources, known.source_count, sizeof(char *), compare_names);
        int removed = store_sweep(jobs->store, is_known, &known);
        if (removed > 0)
            log_write(LOG_INFO, "jobs", "swept %d files and folders that the catalog does not name",
                removed);
        else if (removed < 0)
            log_write(LOG_WARN, "jobs", "sweeping: %s", strerror(-removed));
    }
    catalog_names_free(known.sources);
    catalog_lessons_free(&known.lessons);
}

/* ---- leasing ---- */

static bool has_room(struct jobs *jobs)
{
    if (clock_mono_ms() < jobs->paused_until_ms)
        return false;
    bool room = store_free_bytes(jobs->store) >= JOBS_LEAST_ROOM_BYTES;
    if (!room && !jobs->paused_for_room)
        log_write(LOG_WARN, "jobs", "the disk is full: transcoding pauses until there is room");
    if (room && jobs->paused_for_room)
        log_write(LOG_INFO, "jobs", "there is room again: transcoding goes on");
    jobs->paused_for_room = !room;
    return room;
}

void jobs_pause(struct jobs *jobs, const char *why)
{
    log_write(LOG_WARN, "jobs", "%s: no new work for %d s", why, PAUSE_MS / 1000);
    jobs->paused_until_ms = clock_mono_ms() + PAUSE_MS;
}

/* One more job to a worker of its own. False: there is none, or it can't be had now. */
static bool start_one(struct jobs *jobs)
{
    struct catalog_jobs leased;
    int64_t now_ms = clock_wall_ms();
    /* Which kind it is shows only afterwards: the longest deadline, cut below. */
    int error = catalog_job_lease(jobs->catalog, jobs->owner, now_ms, jobs->lease_ms,
        deadlines_ms[CATALOG_JOB_AUDIO], &leased);
    if (error != CATALOG_OK) {
        if (error != CATALOG_ENOTFOUND && error != CATALOG_EBUSY)
            log_write(LOG_ERROR, "jobs", "%s", catalog_message(jobs->catalog));
        return false;
    }
    leased.items[0].deadline_ms = now_ms + deadlines_ms[leased.items[0].kind];
    int started = worker_start(jobs, &leased);
    /* A job that was there but needed or got no worker: look at the next. */
    return started == 0 || started == -ECANCELED;
}

static void start_more(struct jobs *jobs)
{
    while (
        !jobs->stopping && jobs->running < jobs->most_workers && has_room(jobs) && start_one(jobs))
        ;
}

static void on_poll(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what;
    struct jobs *jobs = ctx;
    int64_t now_ms = clock_wall_ms();
    for (struct worker *worker = jobs->workers; worker; worker = worker->next)
        worker_tend(worker, now_ms);
    start_more(jobs);
}

void jobs_worker_ended(struct jobs *jobs, struct worker *worker)
{
    struct worker **at = &jobs->workers;
    while (*at != worker)
        at = &(*at)->next;
    *at = worker->next;
    jobs->running--;
    start_more(jobs);
}

void jobs_wake(struct jobs *jobs)
{
    event_active(jobs->poll, EV_TIMEOUT, 0);
}

int jobs_running(const struct jobs *jobs)
{
    return jobs->running;
}

/* ---- opening and closing ---- */

/* Whoever held leases before has died: the lock is ours. */
static int recover(const struct jobs *jobs)
{
    switch (catalog_jobs_recover(jobs->catalog, jobs->owner)) {
    case CATALOG_OK:
        return 0;
    case CATALOG_EFULL:
        return -ENOSPC;
    case CATALOG_EBUSY:
        return -EBUSY;
    default:
        return -EIO;
    }
}

int jobs_open(struct jobs **out, const struct jobs_params *params)
{
    *out = NULL;
    struct jobs *jobs = calloc(1, sizeof(*jobs));
    char token[33];
    if (!jobs)
        return -ENOMEM;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    *jobs = (struct jobs){
        .base = params->base,
        .catalog = params->catalog,
        .store = params->store,
        .worker_path = strdup(params->worker_path),
        .most_workers = params->workers > 0 ? params->workers
                        : cores > 0         ? (int)cores
                                            : 1,
        .nice_level = params->nice > 0 ? params->nice : 10,
        .lease_ms = params->lease_ms > 0 ? params->lease_ms : 60000,
        .silence_ms = params->silence_ms > 0 ? params->silence_ms : 300000,
    };
    if (params->ladder_bps)
        memcpy(jobs->plan.caps_bps, params->ladder_bps, sizeof(jobs->plan.caps_bps));
    jobs->plan.no_av1 = params->no_av1;
    store_new_name(token);
    snprintf(jobs->owner, sizeof(jobs->owner), "%d-%.16s", (int)getpid(), token);
    int64_t poll_ms = params->poll_ms > 0 ? params->poll_ms : 500;
    struct timeval interval = {.tv_sec = poll_ms / 1000, .tv_usec = poll_ms % 1000 * 1000};
    jobs->poll = event_new(jobs->base, -1, EV_PERSIST, on_poll, jobs);
    int error =
        jobs->worker_path && jobs->poll && event_add(jobs->poll, &interval) == 0 ? 0 : -ENOMEM;
    if (error == 0)
        error = recover(jobs);
    if (error < 0) {
        jobs_close(&jobs, 0);
        return error;
    }
    sweep(jobs);
    jobs_wake(jobs);
    *out = jobs;
    return 0;
}

static void on_grace_over(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what;
    struct jobs *jobs = ctx;
    for (struct worker *worker = jobs->workers; worker; worker = worker->next)
        kill(worker->pid, SIGKILL);
}

void jobs_close(struct jobs **jobs_pointer, int64_t grace_ms)
{
    struct jobs *jobs = *jobs_pointer;
    if (!jobs)
        return;
    jobs->stopping = true;
    for (struct worker *worker = jobs->workers; worker; worker = worker->next)
        worker_kill(worker, FATE_STOPPED);
    struct event *grace = event_new(jobs->base, -1, 0, on_grace_over, jobs);
    struct timeval interval = {.tv_sec = grace_ms / 1000, .tv_usec = grace_ms % 1000 * 1000};
    if (grace && jobs->workers)
        event_add(grace, &interval);
    while (jobs->workers && event_base_loop(jobs->base, EVLOOP_ONCE) >= 0)
        ;
    if (grace)
        event_free(grace);
    if (jobs->poll)
        event_free(jobs->poll);
    free(jobs->worker_path);
    free(jobs);
    *jobs_pointer = NULL;
}

/* ---- the program ---- */

int jobs_find_worker(char *out, size_t out_bytes)
{
    const char *named = getenv("TERRACE_WORKER");
    if (named && *named)
        return access(named, X_OK) == 0 && snprintf(out, out_bytes, "%s", named) < (int)out_bytes
                   ? 0
                   : -ENOENT;
    static const char *const places[] = {"terrace-worker", "../libexec/terrace/terrace-worker"};
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length < 0)
        return -ENOENT;
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (snprintf(out, out_bytes, "%s/%s", self, places[i]) < (int)out_bytes &&
            access(out, X_OK) == 0)
            return 0;
    return -ENOENT;
}
