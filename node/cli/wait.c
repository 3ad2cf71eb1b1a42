/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/wait.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/progress.h"
#include "node/cli/text.h"
#include "node/jobs/scheduler.h"

#define TICK_MS 200
#define STOP_GRACE_MS 2000

struct watched {
    int64_t id;
    int state; /* the state that was printed last; -1: none */
    int permille, extra_permille;
    bool ready, ended; /* ready: only its AV1 renditions are still being made */
};

struct wait {
    const struct wait_params *params;
    struct event_base *base;
    struct event *tick, *on_int, *on_term;
    struct scheduler *scheduler; /* NULL: another process runs the workers */
    int jobs_lock;               /* a descriptor; negative: not held */
    struct progress progress;
    struct watched *lessons;
    size_t ended;
    int64_t change_number;
    enum cli_exit result;
    bool stopped, interrupted;
};

static void stop(struct wait *wait, enum cli_exit result)
{
    if (wait->result == CLI_OK)
        wait->result = result;
    wait->stopped = true;
    event_base_loopbreak(wait->base);
}

/* ---- lessons ---- */

static void end_lesson(struct wait *wait, struct watched *watched)
{
    watched->ended = true;
    watched->permille = watched->extra_permille = 1000;
    wait->ended++;
}

static void report_failure(struct wait *wait, const struct catalog_lesson *lesson)
{
    fflush(stdout);
    fprintf(stderr, "lesson %" PRId64 " failed: ", lesson->id);
    cli_print_reason(stderr, lesson->reason, lesson->reason_detail);
    fputc('\n', stderr);
    wait->result = CLI_FAILED;
}

static void report_state(
    struct wait *wait, struct watched *watched, const struct catalog_lesson *lesson)
{
    watched->state = lesson->state;
    if (lesson->state == CATALOG_LESSON_QUEUED)
        return;
    progress_clear(&wait->progress);
    if (lesson->state == CATALOG_LESSON_FAILED)
        report_failure(wait, lesson);
    else
        printf("lesson %" PRId64 ": %s\n", lesson->id, catalog_lesson_state_name(lesson->state));
    fflush(stdout);
    if (lesson->state == CATALOG_LESSON_READY && *lesson->salvaged != '\0') {
        fprintf(stderr, "lesson %" PRId64 ": ", lesson->id);
        cli_print_salvaged(stderr, lesson);
        fputc('\n', stderr);
    }
}

/* Whether waiting for a lesson is over. A node makes the AV1 renditions after the lesson is ready.
 * If this process runs the workers itself, it waits for these renditions too. */
static bool is_over(const struct wait *wait, const struct catalog_lesson *lesson)
{
    return lesson->state == CATALOG_LESSON_FAILED ||
           (lesson->state == CATALOG_LESSON_READY &&
               (!wait->scheduler || lesson->optional_jobs == 0));
}

static void report_extras(struct wait *wait, const struct catalog_lesson *lesson)
{
    progress_clear(&wait->progress);
    printf("lesson %" PRId64 ": the versions in AV1 %s\n", lesson->id,
        lesson->optional_failed ? "can't be made; it plays without them (`terrace show` says why)"
                                : "are there too");
    fflush(stdout);
}

/* Reads the state of one lesson and prints what has changed. A lesson that was removed is reported
 * and counts as ended. Returns CATALOG_OK or another error of the catalog. */
static int refresh_lesson(struct wait *wait, struct watched *watched)
{
    struct catalog_lessons lessons;
    int error = catalog_lesson_get(wait->params->data->catalog, watched->id, &lessons);
    if (error == CATALOG_ENOTFOUND) {
        progress_clear(&wait->progress);
        wait->result = cli_fail("lesson %" PRId64 " was removed", watched->id);
        end_lesson(wait, watched);
        return CATALOG_OK;
    }
    if (error != CATALOG_OK)
        return error;
    const struct catalog_lesson *lesson = &lessons.items[0];
    watched->permille = lesson->progress_permille;
    watched->extra_permille = lesson->optional_permille;
    if ((int)lesson->state != watched->state)
        report_state(wait, watched, lesson);
    bool over = is_over(wait, lesson);
    if (over && watched->ready)
        report_extras(wait, lesson);
    watched->ready = lesson->state == CATALOG_LESSON_READY;
    if (over)
        end_lesson(wait, watched);
    catalog_lessons_free(&lessons);
    return CATALOG_OK;
}

/* Shows the progress of a single lesson ("lesson 3"), or of all together ("1 of 4 lessons"),
 * because a bar that jumps between lessons would tell nothing. When all are ready, shows the
 * progress of their AV1 renditions. */
static void show_progress(struct wait *wait)
{
    size_t count = wait->params->lesson_count, ready = 0;
    int64_t sum = 0, extra_sum = 0;
    char label[PROGRESS_LABEL_BYTES];
    for (size_t i = 0; i < count; i++) {
        sum += wait->lessons[i].permille;
        extra_sum += wait->lessons[i].extra_permille;
        ready += wait->lessons[i].ready || wait->lessons[i].ended;
    }
    const char *what = ready == count ? ", in AV1" : "";
    if (count == 1)
        snprintf(label, sizeof(label), "lesson %" PRId64 "%s", wait->lessons[0].id, what);
    else
        snprintf(label, sizeof(label), "%zu of %zu lessons%s", ready == count ? wait->ended : ready,
            count, what);
    progress_update(
        &wait->progress, label, (int)((ready == count ? extra_sum : sum) / (int64_t)count));
}

static int refresh(struct wait *wait)
{
    for (size_t i = 0; i < wait->params->lesson_count; i++) {
        int error = wait->lessons[i].ended ? CATALOG_OK : refresh_lesson(wait, &wait->lessons[i]);
        if (error != CATALOG_OK)
            return error;
    }
    if (wait->ended < wait->params->lesson_count)
        show_progress(wait);
    return CATALOG_OK;
}

/* Reads the lessons again if the catalog has changed. After CATALOG_EBUSY, the next tick tries
 * again. */
static int look(struct wait *wait)
{
    int64_t change_number = 0;
    int error = catalog_change_number(wait->params->data->catalog, &change_number);
    if (error == CATALOG_OK && change_number != wait->change_number) {
        error = refresh(wait);
        if (error == CATALOG_OK)
            wait->change_number = change_number;
    }
    return error == CATALOG_EBUSY ? CATALOG_OK : error;
}

/* ---- the workers ---- */

static enum cli_exit open_jobs(struct wait *wait)
{
    char worker[STORE_PATH_BYTES];
    if (scheduler_find_worker(worker, sizeof(worker)) < 0)
        return cli_fail("the program terrace-worker is neither beside terrace nor in "
                        "../libexec/terrace (or set "
                        "TERRACE_WORKER)");
    const struct scheduler_params params = {.base = wait->base,
        .catalog = wait->params->data->catalog,
        .store = wait->params->data->store,
        .worker_path = worker,
        .workers = (int)wait->params->config->workers,
        .nice = (int)wait->params->config->worker_nice,
        .ladder_bps = wait->params->config->ladder_bps,
        .no_av1 = !wait->params->config->av1};
    int error = scheduler_open(&wait->scheduler, &params);
    return error == 0 ? CLI_GO_ON : cli_fail("the workers can't be run: %s", strerror(-error));
}

/* Starts the workers if no other process runs them. */
static enum cli_exit try_jobs(struct wait *wait)
{
    wait->jobs_lock = store_lock(wait->params->data->store, STORE_LOCK_JOBS, NULL);
    if (wait->jobs_lock >= 0)
        return open_jobs(wait);
    return wait->jobs_lock == -EWOULDBLOCK
               ? CLI_GO_ON
               : cli_fail("the workers' lock can't be taken: %s", strerror(-wait->jobs_lock));
}

/* ---- events ---- */

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
    struct wait *wait = ctx;
    (void)fd;
    (void)what;
    int error = look(wait);
    if (error != CATALOG_OK) {
        progress_clear(&wait->progress);
        stop(wait, cli_catalog_failed(wait->params->data->catalog, error, "lesson"));
        return;
    }
    if (wait->ended == wait->params->lesson_count) {
        stop(wait, CLI_OK);
        return;
    }
    enum cli_exit result = wait->jobs_lock < 0 ? try_jobs(wait) : CLI_GO_ON;
    if (result != CLI_GO_ON)
        stop(wait, result);
}

static void on_signal(evutil_socket_t fd, short what, void *ctx)
{
    struct wait *wait = ctx;
    (void)fd;
    (void)what;
    wait->interrupted = true;
    stop(wait, CLI_FAILED);
}

/* Says which lessons are unfinished and when they go on. This is called after this process has
 * stopped its workers. */
static void report_interruption(const struct wait *wait, bool ran_workers)
{
    size_t left = wait->params->lesson_count - wait->ended;
    fprintf(stderr, "terrace: interrupted; %s", left == 1 ? "lesson" : "lessons");
    for (size_t i = 0, listed = 0; i < wait->params->lesson_count; i++) {
        if (!wait->lessons[i].ended)
            fprintf(stderr, "%s %" PRId64, listed++ > 0 ? "," : "", wait->lessons[i].id);
    }
    fprintf(stderr, " %s on %s\n", left == 1 ? "goes" : "go",
        ran_workers ? "when a node runs (`terrace serve`)" : "in the running node");
}

static enum cli_exit open_events(struct wait *wait)
{
    const struct timeval interval = {.tv_usec = (suseconds_t)TICK_MS * 1000};
    wait->base = event_base_new();
    if (!wait->base)
        return cli_fail("out of memory");
    wait->tick = event_new(wait->base, -1, EV_PERSIST, on_tick, wait);
    wait->on_int = evsignal_new(wait->base, SIGINT, on_signal, wait);
    wait->on_term = evsignal_new(wait->base, SIGTERM, on_signal, wait);
    if (!wait->tick || !wait->on_int || !wait->on_term || event_add(wait->tick, &interval) < 0 ||
        event_add(wait->on_int, NULL) < 0 || event_add(wait->on_term, NULL) < 0)
        return cli_fail("out of memory");
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
    return CLI_GO_ON;
}

static void free_event(struct event *event)
{
    if (event)
        event_free(event);
}

static void wait_close(struct wait *wait)
{
    bool ran_workers = wait->scheduler != NULL;
    progress_clear(&wait->progress);
    scheduler_close(&wait->scheduler, STOP_GRACE_MS);
    if (wait->jobs_lock >= 0)
        store_unlock(wait->jobs_lock);
    if (wait->interrupted)
        report_interruption(wait, ran_workers);
    free_event(wait->tick);
    free_event(wait->on_int);
    free_event(wait->on_term);
    if (wait->base)
        event_base_free(wait->base);
    free(wait->lessons);
}

static bool watch(struct wait *wait)
{
    wait->lessons = calloc(wait->params->lesson_count, sizeof(wait->lessons[0]));
    for (size_t i = 0; wait->lessons != NULL && i < wait->params->lesson_count; i++)
        wait->lessons[i] = (struct watched){.id = wait->params->lesson_ids[i], .state = -1};
    return wait->lessons != NULL;
}

enum cli_exit wait_for_lessons(const struct wait_params *params)
{
    struct wait wait = {.params = params, .jobs_lock = -1, .change_number = -1, .result = CLI_OK};
    progress_open(&wait.progress);
    enum cli_exit result = watch(&wait) ? open_events(&wait) : cli_fail("out of memory");
    if (result == CLI_GO_ON) {
        on_tick(-1, 0, &wait);
        if (!wait.stopped)
            event_base_dispatch(wait.base);
        result = wait.result;
    }
    wait_close(&wait);
    return result;
}
