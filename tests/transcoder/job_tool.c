/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs terrace-worker on a source as a node does, but without a node; for tests and by hand.
 *
 *   job_tool [OPTION...] WORKER SOURCE OUTPUT WORK...
 *
 * WORK is one of: probe (always done first); audio; poster; text; video (all chunks in order); the
 * number of a chunk, also with "+legacy"; NAME:N (a chunk of one rendition); all (audio, text,
 * poster and video); legacy (all chunks; the audio must be made already); legacy:N.
 * Options: --segment-ms N, --chunk-ms N, --threads N (of the probe), --no-av1, and --kill, which
 * kills each worker except the probe's at its first progress message.
 *
 * Prints the findings of the probe as media_info text, and a line for each other result:
 *   init NAME BYTES SHA256 CODECS
 *   chunk NAME NUMBER BYTES SHA256
 *   segment NAME CHUNK OFFSET LENGTH TICKS IFRAME_BYTES
 *   poster
 *   storyboard SHEETS
 *   failed REASON DETAIL
 *   killed SIGNAL
 * Exits with 0, with 1 if some work failed, or with 2 if it was used wrongly.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/jobs/output_folder.h"
#include "transcoder/plan/planner.h"
#include "transcoder/protocol/job.h"
#include "transcoder/protocol/message.h"
#include "transcoder/protocol/reply.h"

struct tool {
    const char *worker, *output;
    int source_fd, threads;
    bool kill;
    struct media_info info;
    struct plan_options options;
    struct plan plan;
    struct job job;
};

static int move_fd(int from, int to)
{
    if (from == to)
        return fcntl(from, F_SETFD, 0);
    return dup2(from, to) == to ? 0 : -1;
}

/* Runs in the child process. Moves the three descriptors to their numbers and closes all higher
 * ones. High copies come first, so that no descriptor is overwritten. */
static void become_worker(const char *worker, const int fds[3])
{
    int high[3];
    for (int i = 0; i < 3; i++)
        high[i] = fcntl(fds[i], F_DUPFD, 64);
    for (int i = 0; i < 3; i++)
        if (high[i] < 0 || move_fd(high[i], JOB_FD_TEXT + i) < 0)
            _exit(126);
    closefrom(JOB_FD_SOURCE + 1);
    char *const argv[] = {(char *)"terrace-worker", NULL};
    execv(worker, argv);
    _exit(127);
}

static int text_fd(const struct job *job)
{
    char *text = malloc(JOB_TEXT_MAX_BYTES);
    int length = text ? job_format(job, text, JOB_TEXT_MAX_BYTES) : -1;
    int fd = length >= 0 ? memfd_create("job", MFD_CLOEXEC) : -1;
    if (fd >= 0 && (write(fd, text, (size_t)length) != length || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        fd = -1;
    }
    free(text);
    return fd;
}

static void print_chunk(const struct message *m)
{
    printf("chunk %s %d %lld %s\n", m->rendition, m->chunk, (long long)m->bytes, m->sha256);
    for (size_t i = 0; i < m->segment_count; i++)
        printf("segment %s %d %lld %d %d %d\n", m->rendition, m->chunk,
            (long long)m->segments[i].offset_bytes, m->segments[i].length_bytes,
            m->segments[i].duration_ticks, m->segments[i].iframe_bytes);
}

static void print_message(const struct message *m)
{
    char text[16384];
    switch (m->type) {
    case MESSAGE_INIT:
        printf("init %s %lld %s %s\n", m->rendition, (long long)m->bytes, m->sha256, m->codecs);
        break;
    case MESSAGE_CHUNK:
        print_chunk(m);
        break;
    case MESSAGE_POSTER:
        printf("poster\n");
        break;
    case MESSAGE_STORYBOARD:
        printf("storyboard %d\n", m->sheets);
        break;
    case MESSAGE_PROBED:
        if (media_info_format(&m->info, text, sizeof(text)) >= 0)
            printf("%sremuxed_bytes %lld\n", text, (long long)m->remuxed_bytes);
        break;
    case MESSAGE_FAILED:
        printf("failed %s %s\n", reason_name(m->reason), m->detail);
        break;
    case MESSAGE_PROGRESS:
    case MESSAGE_DONE:
    case MESSAGE_FILE:
        break;
    }
    fflush(stdout);
}

/* Opens any file inside the output folder for the worker. A node allows only those of the job. */
static void answer(struct output_folder *output, int socket, const struct message *m)
{
    char path[JOB_PATH_BYTES];
    int fd = -1;
    int result = job_file_path(&m->file, path, sizeof(path)) < 0 ? -EINVAL : 0;
    if (result == 0 && m->request == MESSAGE_REQUEST_CREATE)
        result = fd = output_folder_create(output, path);
    else if (result == 0 && m->request == MESSAGE_REQUEST_READ)
        result = fd = output_folder_read(output, path);
    else if (result == 0)
        result = output_folder_keep(output, path);
    reply_send(socket, result < 0 ? -result : 0, fd);
    if (fd >= 0)
        close(fd);
}

/* Reads the worker's messages to the end. Returns whether MESSAGE_DONE came. */
static bool follow(struct tool *tool, int fd, struct output_folder *output)
{
    static uint8_t buffer[MESSAGE_MAX_BYTES + MESSAGE_HEADER_BYTES];
    size_t count = 0;
    bool done = false;
    ssize_t got;
    while ((got = read(fd, buffer + count, sizeof(buffer) - count)) > 0) {
        count += (size_t)got;
        struct message message;
        long used;
        while ((used = message_decode(buffer, count, &message)) > 0) {
            print_message(&message);
            if (message.type == MESSAGE_FILE)
                answer(output, fd, &message);
            done |= message.type == MESSAGE_DONE;
            if (message.type == MESSAGE_PROBED)
                tool->info = message.info;
            if (message.type == MESSAGE_PROGRESS && tool->kill)
                kill(output->worker, SIGKILL);
            message_clear(&message);
            memmove(buffer, buffer + used, count - (size_t)used);
            count -= (size_t)used;
        }
        if (used < 0) {
            printf("malformed message\n");
            return false;
        }
    }
    return done;
}

static bool run_work(struct tool *tool)
{
    int messages[2];
    int text = text_fd(&tool->job);
    struct output_folder output = {.fd = open(tool->output, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (text < 0 || output.fd < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, messages) < 0) {
        perror("job_tool");
        return false;
    }
    pid_t worker = fork();
    if (worker == 0)
        become_worker(tool->worker, (const int[]){text, messages[1], tool->source_fd});
    output.worker = worker;
    close(messages[1]);
    close(text);
    bool done = follow(tool, messages[0], &output);
    close(messages[0]);
    output_folder_close(&output);
    int status = 0;
    waitpid(worker, &status, 0);
    if (WIFSIGNALED(status))
        printf("killed %d\n", WTERMSIG(status));
    return done && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void begin_job(struct tool *tool, enum job_kind kind)
{
    tool->job =
        (struct job){.kind = kind, .threads = 1, .info = tool->info, .options = tool->options};
}

static void add_renditions(struct tool *tool, enum rendition_kind kind)
{
    for (size_t i = 0; i < tool->plan.rendition_count; i++)
        if (tool->plan.renditions[i].kind == kind)
            tool->job.renditions[tool->job.rendition_count++] = tool->plan.renditions[i];
}

static bool run_probe(struct tool *tool)
{
    begin_job(tool, JOB_PROBE);
    tool->job.threads = tool->threads;
    if (!run_work(tool))
        return false;
    char remuxed[4096];
    snprintf(remuxed, sizeof(remuxed), "%s/remuxed", tool->output);
    int copy = open(remuxed, O_RDONLY | O_CLOEXEC);
    if (copy >= 0) {
        close(tool->source_fd);
        tool->source_fd = copy;
    }
    return plan_make(&tool->info, &tool->options, &tool->plan) == 0;
}

static bool run_audio(struct tool *tool)
{
    begin_job(tool, JOB_AUDIO);
    add_renditions(tool, RENDITION_AUDIO);
    return tool->job.rendition_count == 0 || run_work(tool);
}

static bool run_poster(struct tool *tool)
{
    begin_job(tool, JOB_POSTER);
    return !tool->info.has_video || run_work(tool);
}

static bool run_text(struct tool *tool)
{
    begin_job(tool, JOB_TEXT);
    add_renditions(tool, RENDITION_TEXT);
    return tool->job.rendition_count == 0 || run_work(tool);
}

/* Adds the legacy rendition, and the first audio rendition, from which it copies its audio. */
static void add_legacy(struct tool *tool)
{
    add_renditions(tool, RENDITION_LEGACY);
    size_t count = tool->job.rendition_count;
    add_renditions(tool, RENDITION_AUDIO);
    if (tool->job.rendition_count > count + 1)
        tool->job.rendition_count = count + 1;
}

static bool run_chunk(struct tool *tool, int chunk, bool with_legacy)
{
    begin_job(tool, JOB_VIDEO);
    tool->job.chunk = chunk;
    add_renditions(tool, RENDITION_VIDEO);
    if (with_legacy)
        add_legacy(tool);
    return run_work(tool);
}

/* Makes one chunk of one rendition; name: "NAME:N". */
static bool run_single(struct tool *tool, const char *name)
{
    size_t length = strcspn(name, ":");
    begin_job(tool, JOB_VIDEO);
    for (size_t i = 0; i < tool->plan.rendition_count; i++)
        if (strncmp(tool->plan.renditions[i].name, name, length) == 0 &&
            tool->plan.renditions[i].name[length] == '\0')
            tool->job.renditions[tool->job.rendition_count++] = tool->plan.renditions[i];
    tool->job.chunk = (int)strtol(name + length + 1, NULL, 10);
    return tool->job.rendition_count == 1 && run_work(tool);
}

static bool run_video(struct tool *tool)
{
    bool done = true;
    for (int chunk = 0; done && tool->info.has_video && chunk < tool->plan.chunk_count; chunk++)
        done = run_chunk(tool, chunk, false);
    return done;
}

static bool run_legacy_chunk(struct tool *tool, int chunk)
{
    begin_job(tool, JOB_VIDEO);
    tool->job.chunk = chunk;
    add_legacy(tool);
    return run_work(tool);
}

static bool run_legacy(struct tool *tool)
{
    bool done = true;
    for (int chunk = 0; done && tool->info.has_video && chunk < tool->plan.chunk_count; chunk++)
        done = run_legacy_chunk(tool, chunk);
    return done;
}

static bool run_named(struct tool *tool, const char *name)
{
    if (strcmp(name, "probe") == 0)
        return true;
    if (strcmp(name, "audio") == 0)
        return run_audio(tool);
    if (strcmp(name, "poster") == 0)
        return run_poster(tool);
    if (strcmp(name, "text") == 0)
        return run_text(tool);
    if (strcmp(name, "video") == 0)
        return run_video(tool);
    if (strcmp(name, "all") == 0)
        return run_audio(tool) && run_text(tool) && run_poster(tool) && run_video(tool);
    if (strcmp(name, "legacy") == 0)
        return run_legacy(tool);
    if (strncmp(name, "legacy:", 7) == 0)
        return run_legacy_chunk(tool, (int)strtol(name + 7, NULL, 10));
    if (strchr(name, ':'))
        return run_single(tool, name);
    return run_chunk(tool, (int)strtol(name, NULL, 10), strstr(name, "+legacy") != NULL);
}

/* Reads the options. Returns the index of the first other argument, or -1. */
static int read_options(struct tool *tool, bool *kills, int argc, char **argv)
{
    static const struct option options[] = {{"segment-ms", required_argument, NULL, 's'},
        {"chunk-ms", required_argument, NULL, 'c'}, {"threads", required_argument, NULL, 't'},
        {"no-av1", no_argument, NULL, 'a'}, {"kill", no_argument, NULL, 'k'}, {0}};
    int option;
    tool->threads = 1;
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (option == 's')
            tool->options.segment_us = strtoll(optarg, NULL, 10) * 1000;
        else if (option == 'c')
            tool->options.chunk_us = strtoll(optarg, NULL, 10) * 1000;
        else if (option == 't')
            tool->threads = (int)strtol(optarg, NULL, 10);
        else if (option == 'a')
            tool->options.no_av1 = true;
        else if (option == 'k')
            *kills = true;
        else
            return -1;
    }
    return optind;
}

int main(int argc, char **argv)
{
    struct tool *tool = calloc(1, sizeof(*tool));
    bool kills = false;
    int first = tool ? read_options(tool, &kills, argc, argv) : -1;
    if (first < 0 || argc - first < 4) {
        fprintf(stderr, "usage: job_tool [--segment-ms N] [--chunk-ms N] [--threads N] [--no-av1] "
                        "[--kill] WORKER SOURCE OUTPUT WORK...\n");
        free(tool);
        return 2;
    }
    tool->worker = argv[first];
    tool->output = argv[first + 2];
    tool->source_fd = open(argv[first + 1], O_RDONLY | O_CLOEXEC);
    bool done = tool->source_fd >= 0 && run_probe(tool);
    tool->kill = kills;
    for (int i = first + 3; i < argc && done; i++)
        done = run_named(tool, argv[i]);
    if (tool->source_fd >= 0)
        close(tool->source_fd);
    free(tool);
    return done ? 0 : 1;
}
