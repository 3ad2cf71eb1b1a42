/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/jobs/scheduler.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/jobs/worker.h"
#include "node/util/clock.h"
#include "node/util/log.h"

/* Files that the catalog does not name are looked for at the start and so often. */
#define SWEEP_EVERY_MS (24 * 3600 * INT64_C(1000))
/* How long no new work is started after the machine was short of a resource. */
#define PAUSE_MS 30000
/* A SIGKILL comes from outside: from a person, or from the kernel when memory runs out. A worker may
 * also have found the disk full although there is room when the node looks. The first MAX_EXCUSES
 * of these on the same job do not count as failed attempts; further ones do. */
#define MAX_EXCUSES 25

/* The longest time that one attempt may take. Even a slow machine needs far less. */
static const int64_t deadlines_ms[] = {
    [CATALOG_JOB_PROBE] = 3600 * 1000LL,
    [CATALOG_JOB_AUDIO] = 6 * 3600 * 1000LL,
    [CATALOG_JOB_VIDEO] = 2 * 3600 * 1000LL,
    [CATALOG_JOB_POSTER] = 3600 * 1000LL,
    [CATALOG_JOB_TEXT] = 3600 * 1000LL,
    [CATALOG_JOB_LEGACY] = 2 * 3600 * 1000LL,
};

/* How often an attempt of a job was not counted. count 0: the entry is free. */
struct excuse {
    int64_t job_id;
    int count;
};
enum { EXCUSED_JOBS = 1024, UNRELEASED_JOBS = 64 };

struct scheduler {
    struct worker_params params; /* shared by all workers */
    int max_workers;
    char owner[48]; /* this scheduler's name in its leases */
    struct event *poll;
    struct worker *workers;
    int running;
    bool stopping;
    bool paused_for_room;
    int64_t paused_until_ms; /* monotonic */
    int64_t swept_ms;        /* monotonic */
    struct excuse excuses[EXCUSED_JOBS];
    int64_t unreleased[UNRELEASED_JOBS]; /* jobs that are to be released once the catalog can be
                                          * written */
    int unreleased_count;
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

static void log_swept(int removed, const char *what)
{
    if (removed > 0)
        log_write(LOG_INFO, "jobs", "swept %d %s", removed, what);
    else if (removed < 0)
        log_write(LOG_WARN, "jobs", "sweeping: %s", strerror(-removed));
}

/* After a backup was put in place, the catalog does not know the lessons that came later, but
 * terminals may keep their media for a year. So their numbers are not given out again. */
static void keep_numbers(struct scheduler *scheduler)
{
    int64_t highest = store_highest_lesson(scheduler->params.store);
    if (highest < 0)
        log_write(LOG_WARN, "jobs", "the folders of media: %s", strerror((int)-highest));
    else if (catalog_lessons_begin_after(scheduler->params.catalog, highest) != CATALOG_OK)
        log_write(LOG_WARN, "jobs", "%s", catalog_message(scheduler->params.catalog));
}

static void sweep(struct scheduler *scheduler)
{
    struct known known = {0};
    keep_numbers(scheduler);
    scheduler->swept_ms = clock_mono_ms();
    if (catalog_source_files(scheduler->params.catalog, &known.sources, &known.source_count) ==
            CATALOG_OK &&
        catalog_lessons(scheduler->params.catalog, &(struct catalog_lesson_filter){0},
            &known.lessons) == CATALOG_OK) {
        qsort(known.sources, known.source_count, sizeof(char *), compare_names);
        log_swept(store_sweep(scheduler->params.store, is_known, &known),
            "files and folders that the catalog does not name");
    }
    catalog_names_free(known.sources);
    catalog_lessons_free(&known.lessons);
}

/* ---- leasing ---- */

static bool has_room(struct scheduler *scheduler)
{
    if (clock_mono_ms() < scheduler->paused_until_ms)
        return false;
    int64_t free_bytes = store_free_bytes(scheduler->params.store);
    bool room = free_bytes >= STORE_WORK_ROOM_BYTES;
    if (!room && !scheduler->paused_for_room)
        log_write(LOG_WARN, "jobs", "%s: transcoding pauses",
            free_bytes < 0 ? "the data folder can't be reached" : "the disk is full");
    if (room && scheduler->paused_for_room)
        log_write(LOG_INFO, "jobs", "there is room again: transcoding goes on");
    scheduler->paused_for_room = !room;
    return room;
}

static void pause_work(void *ctx, const char *why)
{
    struct scheduler *scheduler = ctx;
    log_write(LOG_WARN, "jobs", "%s: no new work for %d s", why, PAUSE_MS / 1000);
    scheduler->paused_until_ms = clock_mono_ms() + PAUSE_MS;
}

/* Leases one job and starts a worker for it. Returns false if there is no job, or none can be
 * started now. */
static bool start_one(struct scheduler *scheduler)
{
    struct catalog_jobs leased;
    /* The kind of the job is known only after the lease. So the lease is taken with the longest
     * deadline; the worker then gets the deadline of its kind. */
    int error = catalog_job_lease(scheduler->params.catalog, scheduler->owner,
        worker_lease_now_ms(&scheduler->params), scheduler->params.lease_ms,
        deadlines_ms[CATALOG_JOB_AUDIO], &leased);
    if (error != CATALOG_OK) {
        if (error != CATALOG_ENOTFOUND && error != CATALOG_EBUSY)
            pause_work(scheduler, catalog_message(scheduler->params.catalog));
        return false;
    }
    /* From here on it is monotonic. */
    leased.items[0].deadline_ms = clock_mono_ms() + deadlines_ms[leased.items[0].kind];
    struct worker *worker;
    int started = worker_start(&worker, &scheduler->params, &leased);
    if (started == 0) {
        worker->next = scheduler->workers;
        scheduler->workers = worker;
        scheduler->running++;
    }
    /* -ECANCELED means that this job is finished or was given back. The next one can be tried. */
    return started == 0 || started == -ECANCELED;
}

/* Releases what could not be released before. Otherwise its lease would run out, and an attempt would
 * be counted. Returns whether nothing is left. */
static bool release_rest(struct scheduler *scheduler)
{
    while (scheduler->unreleased_count > 0) {
        int64_t job_id = scheduler->unreleased[scheduler->unreleased_count - 1];
        int error = catalog_job_release(scheduler->params.catalog, job_id, scheduler->owner);
        if (error != CATALOG_OK && error != CATALOG_ENOTFOUND && error != CATALOG_ESTATE)
            return false;
        scheduler->unreleased_count--;
    }
    return true;
}

static void start_more(struct scheduler *scheduler)
{
    while (!scheduler->stopping && release_rest(scheduler) &&
           scheduler->running < scheduler->max_workers && has_room(scheduler) &&
           start_one(scheduler))
        ;
}

static void on_poll(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what;
    struct scheduler *scheduler = ctx;
    for (struct worker *worker = scheduler->workers; worker; worker = worker->next)
        worker_tick(worker);
    start_more(scheduler);
    if (clock_mono_ms() - scheduler->swept_ms > SWEEP_EVERY_MS)
        sweep(scheduler);
}

static void remove_worker(void *ctx, struct worker *worker)
{
    struct scheduler *scheduler = ctx;
    struct worker **at = &scheduler->workers;
    while (*at != worker)
        at = &(*at)->next;
    *at = worker->next;
    scheduler->running--;
    start_more(scheduler);
}

static void keep_unreleased(void *ctx, int64_t job_id)
{
    struct scheduler *scheduler = ctx;
    if (scheduler->unreleased_count < UNRELEASED_JOBS)
        scheduler->unreleased[scheduler->unreleased_count++] = job_id;
}

/* Counts for each job, because several of them may run, and fail, in turn. If there are too many,
 * the one with the fewest excuses is forgotten. */
static bool count_excuse(void *ctx, int64_t job_id)
{
    struct scheduler *scheduler = ctx;
    struct excuse *least = scheduler->excuses;
    for (struct excuse *at = least; at < scheduler->excuses + EXCUSED_JOBS; at++) {
        if (at->count > 0 && at->job_id == job_id)
            return ++at->count > MAX_EXCUSES;
        if (at->count < least->count)
            least = at;
    }
    *least = (struct excuse){job_id, 1};
    return false;
}

void scheduler_wake(struct scheduler *scheduler)
{
    event_active(scheduler->poll, EV_TIMEOUT, 0);
}

int scheduler_running(const struct scheduler *scheduler)
{
    return scheduler->running;
}

/* ---- opening and closing ---- */

/* Takes back all leases. This process holds the jobs lock, so every earlier owner of a lease has
 * died. */
static int recover(const struct scheduler *scheduler)
{
    switch (catalog_jobs_recover(scheduler->params.catalog, scheduler->owner)) {
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

static int max_workers(const struct scheduler_params *params)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (params->workers > 0)
        return params->workers;
    return cores > 0 ? (int)cores : 1;
}

static int start_polling(struct scheduler *scheduler, int64_t poll_ms)
{
    struct timeval interval = {.tv_sec = poll_ms / 1000, .tv_usec = poll_ms % 1000 * 1000};
    scheduler->poll = event_new(scheduler->params.base, -1, EV_PERSIST, on_poll, scheduler);
    return scheduler->poll && event_add(scheduler->poll, &interval) == 0 ? 0 : -ENOMEM;
}

int scheduler_open(struct scheduler **out, const struct scheduler_params *params)
{
    *out = NULL;
    struct scheduler *scheduler = calloc(1, sizeof(*scheduler));
    if (!scheduler)
        return -ENOMEM;
    scheduler->max_workers = max_workers(params);
    scheduler->params = (struct worker_params){
        .base = params->base,
        .catalog = params->catalog,
        .store = params->store,
        .program = strdup(params->worker_path),
        .nice_level = params->nice > 0 ? params->nice : 10,
        .threads = scheduler->max_workers,
        .plan.no_av1 = params->no_av1,
        .lease_ms = params->lease_ms > 0 ? params->lease_ms : 60000,
        .clock_offset_ms = clock_wall_ms() - clock_mono_ms(),
        .silence_ms = params->silence_ms > 0 ? params->silence_ms : 300000,
        .on_end = remove_worker,
        .on_short = pause_work,
        .on_excuse = count_excuse,
        .on_unreleased = keep_unreleased,
        .ctx = scheduler,
    };
    if (params->ladder_bps)
        memcpy(scheduler->params.plan.caps_bps, params->ladder_bps,
            sizeof(scheduler->params.plan.caps_bps));
    char token[33];
    store_new_name(token);
    snprintf(scheduler->owner, sizeof(scheduler->owner), "%d-%.16s", (int)getpid(), token);
    int error = scheduler->params.program
                    ? start_polling(scheduler, params->poll_ms > 0 ? params->poll_ms : 500)
                    : -ENOMEM;
    if (error == 0)
        error = recover(scheduler);
    if (error < 0) {
        scheduler_close(&scheduler, 0);
        return error;
    }
    log_swept(store_sweep_unfinished(scheduler->params.store),
        "files that workers had not finished when the node was killed");
    sweep(scheduler);
    scheduler_wake(scheduler);
    *out = scheduler;
    return 0;
}

static void on_grace_over(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what;
    struct scheduler *scheduler = ctx;
    for (struct worker *worker = scheduler->workers; worker; worker = worker->next)
        kill(worker->pid, SIGKILL);
}

void scheduler_close(struct scheduler **scheduler_pointer, int64_t grace_ms)
{
    struct scheduler *scheduler = *scheduler_pointer;
    if (!scheduler)
        return;
    scheduler->stopping = true;
    for (struct worker *worker = scheduler->workers; worker; worker = worker->next)
        worker_kill(worker, FATE_STOPPED);
    struct event *grace = event_new(scheduler->params.base, -1, 0, on_grace_over, scheduler);
    struct timeval interval = {.tv_sec = grace_ms / 1000, .tv_usec = grace_ms % 1000 * 1000};
    if (grace && scheduler->workers)
        event_add(grace, &interval);
    while (scheduler->workers && event_base_loop(scheduler->params.base, EVLOOP_ONCE) >= 0)
        ;
    if (grace)
        event_free(grace);
    if (scheduler->poll)
        event_free(scheduler->poll);
    free(scheduler->params.program);
    free(scheduler);
    *scheduler_pointer = NULL;
}

/* ---- the program ---- */

int scheduler_find_worker(char *out, size_t out_bytes)
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
