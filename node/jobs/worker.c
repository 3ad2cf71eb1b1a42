/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/jobs/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "node/jobs/assign.h"
#include "node/jobs/record.h"
#include "node/jobs/spawn.h"
#include "node/store/store.h"
#include "node/util/clock.h"
#include "node/util/log.h"

#define BUFFER_BYTES (MESSAGE_MAX_BYTES + MESSAGE_HEADER_BYTES)
/* So much of a worker's messages is handled at once. A worker that writes without end must not keep
 * the main thread from everything else. */
#define READ_BYTES 4096
/* A worker that has said all may take this long to end. */
#define LINGER_MS 10000
/* So many lines of a worker's log are written to the node's log; further lines are dropped. */
#define MAX_LOG_LINES 50
/* A worker that gets little processor time, as on a busy machine, may be silent for this many times
 * silence_ms. */
#define PATIENCE 6

static const struct catalog_job *job_of(const struct worker *worker)
{
    return worker_job(worker);
}

/* A copy of the source that is not recorded would stay for ever, because the next attempt makes
 * another one. */
static void remove_unrecorded_copy(const struct worker *worker)
{
    if (worker->output.fd >= 0 && worker->remux_name[0] && !worker->probed)
        unlinkat(worker->output.fd, worker->remux_name, 0);
}

static void worker_free(struct worker *worker)
{
    remove_unrecorded_copy(worker);
    struct event *const events[] = {worker->on_exit, worker->on_message, worker->on_log};
    const int fds[] = {worker->pid_fd, worker->message_fd, worker->log_fd};
    for (int i = 0; i < 3; i++) {
        if (events[i])
            event_free(events[i]);
        if (fds[i] >= 0)
            close(fds[i]);
    }
    output_folder_close(&worker->output);
    catalog_jobs_free(&worker->leased);
    catalog_renditions_free(&worker->renditions);
    free(worker->plan);
    free(worker->buffer);
    free(worker);
}

void worker_kill(struct worker *worker, enum worker_fate fate)
{
    if (worker->fate == FATE_OWN)
        worker->fate = fate;
    if (worker->pid > 0)
        kill(worker->pid, fate == FATE_STOPPED ? SIGTERM : SIGKILL);
}

/* ---- what it says ---- */

/* Handles all complete messages in the buffer. Returns -1 if the worker must be ended. */
static int take_messages(struct worker *worker)
{
    size_t at = 0;
    int result = 0;
    while (result == 0) {
        struct message message;
        long used = message_decode(worker->buffer + at, worker->buffer_bytes - at, &message);
        if (used == 0)
            break;
        if (used < 0) {
            log_write(LOG_WARN, "jobs", "job %" PRId64 ": a malformed message; the worker is ended",
                job_of(worker)->id);
            snprintf(worker->detail, sizeof(worker->detail), "malformed message");
            worker->fate = FATE_MALFORMED;
            result = -1;
            break;
        }
        result = record_message(worker, &message);
        message_clear(&message);
        at += (size_t)used;
    }
    memmove(worker->buffer, worker->buffer + at, worker->buffer_bytes - at);
    worker->buffer_bytes -= at;
    return result;
}

/* Returns the processor time that a process has used; 0 if it can't be read. */
static int64_t used_cpu_ms(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) < 0)
        return 0;
    return used.tv_sec * 1000LL + used.tv_nsec / 1000000;
}

static void hear(struct worker *worker)
{
    worker->last_message_ms = clock_mono_ms();
    worker->last_message_cpu_ms = used_cpu_ms(worker->pid);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void read_messages(struct worker *worker, int max_reads)
{
    ssize_t got = 1;
    for (int i = 0;
         i < max_reads && (got = read(worker->message_fd, worker->buffer + worker->buffer_bytes,
                               least(READ_BYTES, BUFFER_BYTES - worker->buffer_bytes))) > 0;
         i++) {
        worker->buffer_bytes += (size_t)got;
        worker->has_spoken = true;
        hear(worker);
        if (worker->fate != FATE_OWN) {
            worker->buffer_bytes = 0; /* the worker is being ended, so its further messages are
                                       * ignored */
        } else if (take_messages(worker) < 0) {
            worker->buffer_bytes = 0;
            worker_kill(worker, worker->fate);
        }
    }
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        event_del(worker->on_message);
}

static void on_message(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what;
    read_messages(ctx, 1);
}

static void flush_log_line(struct worker *worker)
{
    if (worker->log_bytes > 0 && worker->log_lines++ < MAX_LOG_LINES)
        log_write(LOG_WARN, "worker", "job %" PRId64 ": %.*s", job_of(worker)->id,
            (int)worker->log_bytes, worker->log_line);
    worker->log_bytes = 0;
}

static void read_log(struct worker *worker, int max_reads)
{
    char text[1024];
    ssize_t got = 1;
    for (int n = 0; n < max_reads && (got = read(worker->log_fd, text, sizeof(text))) > 0; n++)
        for (ssize_t i = 0; i < got; i++) {
            if (text[i] == '\n' || worker->log_bytes == sizeof(worker->log_line))
                flush_log_line(worker);
            if (text[i] != '\n')
                worker->log_line[worker->log_bytes++] =
                    text[i] >= 0 && text[i] < ' ' ? ' ' : text[i];
        }
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        event_del(worker->on_log);
}

static void on_log(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what;
    read_log(ctx, 1);
}

/* ---- how it ended ---- */

static void give_back(struct worker *worker, bool retry, enum reason reason, const char *detail)
{
    const struct catalog_job *job = job_of(worker);
    log_write(LOG_WARN, "jobs", "lesson %" PRId64 ", %s %d: %s (%s)%s", job->lesson_id,
        catalog_job_kind_name(job->kind), job->chunk, reason_name(reason), detail,
        retry ? "; will be tried again" : "");
    int error = catalog_job_give_back(worker->params->catalog, job->id, job->owner, retry,
        reason_name(reason), detail, clock_wall_ms());
    if (error != CATALOG_OK && error != CATALOG_ENOTFOUND && error != CATALOG_ESTATE)
        log_write(LOG_ERROR, "jobs", "%s", catalog_message(worker->params->catalog));
}

static void release(struct worker *worker)
{
    const struct catalog_job *job = job_of(worker);
    int error = catalog_job_release(worker->params->catalog, job->id, job->owner);
    if (error == CATALOG_OK || error == CATALOG_ENOTFOUND || error == CATALOG_ESTATE)
        return;
    log_write(LOG_ERROR, "jobs", "%s", catalog_message(worker->params->catalog));
    worker->params->on_unreleased(worker->params->ctx, job->id);
}

/* Gives the job back because the machine is short of a resource or the catalog can't be written. No
 * attempt is counted, so the lesson does not fail. No new work is started for a while. */
static void conclude_short(struct worker *worker, const char *what)
{
    release(worker);
    worker->params->on_short(worker->params->ctx, what);
}

/* Gives the job back without counting the attempt, unless that has happened too often. */
static void conclude_excused(struct worker *worker, enum reason reason, const char *detail)
{
    const struct worker_params *params = worker->params;
    const struct catalog_job *job = job_of(worker);
    if (params->on_excuse(params->ctx, job->id)) {
        give_back(worker, true, reason, detail);
        return;
    }
    log_write(LOG_WARN, "jobs",
        "lesson %" PRId64 ", %s %d: %s (%s); will be tried again, and no attempt is counted",
        job->lesson_id, catalog_job_kind_name(job->kind), job->chunk, reason_name(reason), detail);
    release(worker);
}

static void conclude_signal(struct worker *worker, int signal_number)
{
    char detail[64];
    snprintf(detail, sizeof(detail), "signal %d (%s)", signal_number, strsignal(signal_number));
    if (signal_number == SIGSYS || signal_number == SIGXFSZ) {
        give_back(worker, false, REASON_SANDBOX, detail);
    } else if (signal_number ==
               SIGXCPU) { /* processor time ran out, which is no sign of an attack */
        give_back(worker, false, REASON_TIMED_OUT, detail);
    } else if (signal_number == SIGKILL || signal_number == SIGTERM || signal_number == SIGINT ||
               signal_number == SIGHUP) {
        /* From outside. At a shutdown, these may reach the workers before the node. */
        conclude_excused(worker, REASON_WORKER_CRASHED, detail);
    } else {
        give_back(worker, true, REASON_WORKER_CRASHED, detail);
    }
}

/* The worker says that the disk is full or fails. Its word alone must not stop all other work. The disk
 * may also have been so for a moment only, so the job is not to blame at once. */
static void conclude_disk(struct worker *worker)
{
    const struct store *store = worker->params->store;
    if (store_free_bytes(store) < STORE_WORK_ROOM_BYTES)
        conclude_short(worker, "the disk is full");
    else if (store_try_to_write(store) < 0)
        conclude_short(worker, "the disk can't be written");
    else
        conclude_excused(worker, worker->reason, "by the worker's word; the disk is well now");
}

static void conclude_failure(struct worker *worker, int status)
{
    char detail[64];
    if (worker->reason == REASON_DISK_FULL || worker->reason == REASON_DISK_ERROR) {
        conclude_disk(worker);
    } else if (worker->reason != REASON_NONE) {
        bool may_pass = worker->reason == REASON_OUT_OF_MEMORY ||
                        worker->reason == REASON_INTERNAL ||
                        worker->reason == REASON_SOURCE_UNREADABLE;
        give_back(worker, may_pass, worker->reason, worker->detail);
    } else if (WEXITSTATUS(status) == JOB_EXIT_SOURCE) {
        give_back(worker, true, REASON_SOURCE_UNREADABLE, "reading failed");
    } else {
        snprintf(detail, sizeof(detail), "exit code %d", WEXITSTATUS(status));
        give_back(worker, true, REASON_WORKER_CRASHED, detail);
    }
}

static void conclude_done(struct worker *worker)
{
    const struct catalog_job *job = job_of(worker);
    if (job->kind == CATALOG_JOB_PROBE) {
        if (!worker->probed)
            give_back(worker, true, REASON_INTERNAL, "a probe without findings");
        return;
    }
    int error = catalog_job_finish(worker->params->catalog, job->id, job->owner, clock_wall_ms());
    if (error == CATALOG_EFULL || error == CATALOG_EIO || error == CATALOG_EBUSY) {
        /* The chunks are kept. At the next try, only the catalog has to be updated. */
        conclude_short(worker, catalog_error_name(error));
    }
}

/* Whether the process ended before it was a worker, for example because a library is missing during
 * an upgrade. A worker speaks before it looks at its source, so no file can make it seem so. */
static bool never_ran(const struct worker *worker, int status)
{
    return WIFEXITED(status) && !worker->has_spoken && WEXITSTATUS(status) >= SPAWN_SHORT;
}

static void conclude(struct worker *worker, int status)
{
    switch (worker->fate) {
    case FATE_OWN:
        if (never_ran(worker, status))
            conclude_short(worker, WEXITSTATUS(status) == SPAWN_SHORT
                                       ? "no descriptors for a worker"
                                       : "terrace-worker can't be run");
        else if (WIFSIGNALED(status))
            conclude_signal(worker, WTERMSIG(status));
        else if (WEXITSTATUS(status) == 0 && worker->done)
            conclude_done(worker);
        else
            conclude_failure(worker, status);
        break;
    case FATE_LINGERED:
        log_write(LOG_WARN, "jobs", "job %" PRId64 ": its worker had said all, but did not end",
            job_of(worker)->id);
        conclude_done(worker);
        break;
    case FATE_STOPPED:
        release(worker);
        break;
    case FATE_LOST:
        break;
    case FATE_TIMED_OUT:
        give_back(worker, job_of(worker)->attempt < 2, REASON_TIMED_OUT,
            catalog_job_kind_name(job_of(worker)->kind));
        break;
    case FATE_MALFORMED:
        give_back(worker, true, REASON_INTERNAL, worker->detail);
        break;
    case FATE_DISK_FULL:
    case FATE_SHORT:
        conclude_short(worker, worker->detail);
        break;
    }
}

/* Deletes files of a lesson that was removed while the worker was running. */
static void clean_after_removed(struct worker *worker)
{
    struct catalog_lessons lessons;
    int64_t lesson_id = job_of(worker)->lesson_id;
    if (catalog_lesson_get(worker->params->catalog, lesson_id, &lessons) == CATALOG_ENOTFOUND)
        store_remove_media(worker->params->store, lesson_id);
    catalog_lessons_free(&lessons);
}

static void on_exit_event(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what;
    struct worker *worker = ctx;
    int status = 0;
    if (waitpid(worker->pid, &status, WNOHANG) != worker->pid)
        return;
    worker->pid = -1;
    /* The worker's last messages may still be in the pipes. */
    read_messages(worker, INT_MAX);
    read_log(worker, INT_MAX);
    flush_log_line(worker);
    conclude(worker, status);
    clean_after_removed(worker);
    worker->params->on_end(worker->params->ctx, worker);
    worker_free(worker);
}

/* ---- starting ---- */

static int watch(struct worker *worker)
{
    struct event_base *base = worker->params->base;
    worker->on_exit = event_new(base, worker->pid_fd, EV_READ | EV_PERSIST, on_exit_event, worker);
    worker->on_message =
        event_new(base, worker->message_fd, EV_READ | EV_PERSIST, on_message, worker);
    worker->on_log = event_new(base, worker->log_fd, EV_READ | EV_PERSIST, on_log, worker);
    if (!worker->on_exit || !worker->on_message || !worker->on_log ||
        event_add(worker->on_exit, NULL) < 0 || event_add(worker->on_message, NULL) < 0 ||
        event_add(worker->on_log, NULL) < 0)
        return -ENOMEM;
    return 0;
}

static int launch(struct worker *worker, struct heritage *heritage)
{
    int messages[2] = {-1, -1}, log[2] = {-1, -1};
    worker->buffer = malloc(BUFFER_BYTES);
    if (!worker->buffer || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, messages) < 0 ||
        pipe2(log, O_CLOEXEC) < 0) {
        if (messages[0] >= 0) {
            close(messages[0]);
            close(messages[1]);
        }
        return -EMFILE;
    }
    worker->message_fd = messages[0];
    worker->log_fd = log[0];
    heritage->messages = messages[1];
    heritage->log = log[1];
    evutil_make_socket_nonblocking(worker->message_fd);
    evutil_make_socket_nonblocking(worker->log_fd);
    worker->pid = spawn_worker(worker->params->program, heritage, worker->params->nice_level);
    if (worker->pid < 0)
        return (int)worker->pid;
    worker->output.worker = worker->pid;
    worker->pid_fd = pidfd_open(worker->pid, 0);
    return worker->pid_fd < 0 ? -errno : watch(worker);
}

static void close_heritage(const struct heritage *heritage)
{
    const int fds[] = {heritage->log, heritage->text, heritage->messages, heritage->source};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* Settles a job whose worker was not started, and frees the worker: finishes the job if nothing was
 * left to do, else gives it back. error: 0 or a negative errno of launch(). */
static void never_started(struct worker *worker, int error)
{
    if (worker->pid > 0) {
        kill(worker->pid, SIGKILL);
        waitpid(worker->pid, NULL, 0);
    }
    if (error < 0 && spawn_error_is_temporary(-error)) {
        worker->fate = FATE_SHORT;
        snprintf(worker->detail, sizeof(worker->detail), "%s", strerror(-error));
    }
    if (worker->fate == FATE_SHORT)
        conclude(worker, 0);
    else if (error < 0)
        give_back(worker, true, REASON_INTERNAL, strerror(-error));
    else if (worker->done)
        conclude_done(worker);
    else
        conclude_failure(worker, 0);
    worker_free(worker);
}

int worker_start(
    struct worker **out, const struct worker_params *params, struct catalog_jobs *leased)
{
    *out = NULL;
    struct worker *worker = calloc(1, sizeof(*worker));
    if (!worker) {
        catalog_jobs_free(leased); /* the lease expires by itself */
        return -ENOMEM;
    }
    struct heritage heritage = {-1, -1, -1, -1};
    *worker = (struct worker){.params = params,
        .leased = *leased,
        .pid = -1,
        .pid_fd = -1,
        .message_fd = -1,
        .log_fd = -1,
        .output.fd = -1};
    *leased = (struct catalog_jobs){0};
    int assigned = assign_work(worker, &heritage);
    int error = assigned == 0 && !worker->done ? launch(worker, &heritage) : 0;
    close_heritage(&heritage);
    if (assigned < 0 || error < 0 || worker->done) {
        never_started(worker, error);
        return -ECANCELED;
    }
    hear(worker);
    *out = worker;
    return 0;
}

/* Whether a worker has been silent for too long. On a busy machine it may get only a tenth of a
 * core. So it counts as silent only if it used enough processor time, or after a much longer
 * time. */
static bool is_silent(const struct worker *worker, int64_t mono_ms)
{
    int64_t allowed_ms = worker->params->silence_ms, silent_ms = mono_ms - worker->last_message_ms;
    if (silent_ms <= allowed_ms)
        return false;
    return silent_ms > PATIENCE * allowed_ms ||
           used_cpu_ms(worker->pid) - worker->last_message_cpu_ms > allowed_ms / 2;
}

/* A worker may write no more than its job can need, and not into the room that is kept free for the
 * catalog. Returns whether it was ended. */
static bool end_if_greedy(struct worker *worker)
{
    int64_t bytes = output_folder_bytes(&worker->output);
    enum worker_fate fate = FATE_OWN;
    if (bytes > worker->allowed_bytes) {
        fate = FATE_MALFORMED;
        snprintf(worker->detail, sizeof(worker->detail),
            "%" PRId64 " MB written, and %" PRId64 " allowed", bytes / 1000000,
            worker->allowed_bytes / 1000000);
    } else if (bytes > 0 && store_free_bytes(worker->params->store) == 0) {
        fate = FATE_DISK_FULL;
        snprintf(worker->detail, sizeof(worker->detail), "the disk is full");
    }
    if (fate == FATE_OWN)
        return false;
    log_write(LOG_WARN, "jobs", "job %" PRId64 ": %s; the worker is ended", job_of(worker)->id,
        worker->detail);
    worker_kill(worker, fate);
    return true;
}

/* Ends a worker that has said all and is still there, or that takes too long. Returns whether it was
 * ended. */
static bool end_if_late(struct worker *worker)
{
    int64_t mono_ms = clock_mono_ms();
    if (worker->settled_ms > 0) {
        if (mono_ms - worker->settled_ms <= LINGER_MS)
            return false;
        worker_kill(worker, FATE_LINGERED);
        return true;
    }
    if (mono_ms <= job_of(worker)->deadline_ms && !is_silent(worker, mono_ms))
        return false;
    worker_kill(worker, FATE_TIMED_OUT);
    return true;
}

void worker_tick(struct worker *worker)
{
    const struct worker_params *params = worker->params;
    const struct catalog_job *job = job_of(worker);
    if (worker->fate != FATE_OWN || end_if_greedy(worker) || end_if_late(worker) ||
        worker->settled_ms > 0)
        return;
    int64_t mono_ms = clock_mono_ms();
    if (mono_ms - worker->lease_renewed_ms < params->lease_ms / 3)
        return;
    worker->lease_renewed_ms = mono_ms;
    int error = catalog_job_progress(params->catalog, job->id, job->owner, worker->permille,
        worker_lease_now_ms(params), params->lease_ms);
    if (error == CATALOG_ENOTFOUND || error == CATALOG_ESTATE)
        worker_kill(worker, FATE_LOST);
}
