/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs terrace-worker over a whole source as a node would, without a node: for the tests and by hand.
 *
 *   job_tool WORKER SOURCE OUTPUT probe             prints what the probe found, as media_info text
 *   job_tool WORKER SOURCE OUTPUT all [CHUNK...]    probe, audio, poster, then the chunks named (all in order if none is)
 *
 * Prints a line for each message: "init NAME BYTES SHA CODECS", "chunk NAME NUMBER BYTES SHA SEGMENTS", "failed REASON DETAIL".
 * Exits 0, or 1 when a piece failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transcoder/plan/job.h"
#include "transcoder/plan/message.h"

struct tool {
    const char *worker, *output;
    int source_fd;
    struct media_info info;
    struct plan plan;
};

static int move_fd(int from, int to)
{
    if (from == to)
        return fcntl(from, F_SETFD, 0);
    return dup2(from, to) == to ? 0 : -1;
}

/* In the child: the four descriptors in their places, nothing else. High copies first, so that none is overwritten. */
static void become_worker(const char *worker, const int fds[4])
{
    int high[4];
    for (int i = 0; i < 4; i++)
        high[i] = fcntl(fds[i], F_DUPFD, 64);
    for (int i = 0; i < 4; i++)
        if (high[i] < 0 || move_fd(high[i], JOB_FD_TEXT + i) < 0)
            _exit(126);
    closefrom(JOB_FD_OUTPUT + 1);
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

static void print_message(const struct message *m)
{
    if (m->type == MESSAGE_INIT)
        printf("init %s %lld %s %s\n", m->rendition, (long long)m->bytes, m->sha256, m->codecs);
    else if (m->type == MESSAGE_CHUNK)
        printf("chunk %s %d %lld %s %zu\n", m->rendition, m->chunk, (long long)m->bytes, m->sha256, m->segment_count);
    else if (m->type == MESSAGE_FAILED)
        printf("failed %s %s\n", reason_name(m->reason), m->detail);
    fflush(stdout);
}

/* Reads the worker's messages to the end. Returns whether DONE came. */
static bool follow(struct tool *tool, int fd)
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
            done |= message.type == MESSAGE_DONE;
            if (message.type == MESSAGE_PROBED)
                tool->info = message.info;
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

static bool run_piece(struct tool *tool, const struct job *job)
{
    int messages[2];
    int text = text_fd(job), output = open(tool->output, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (text < 0 || output < 0 || pipe2(messages, O_CLOEXEC) < 0) {
        perror("job_tool");
        return false;
    }
    pid_t child = fork();
    if (child == 0)
        become_worker(tool->worker, (const int[]){text, messages[1], tool->source_fd, output});
    close(messages[1]);
    close(text);
    close(output);
    bool done = follow(tool, messages[0]);
    close(messages[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        printf("killed %d\n", WTERMSIG(status));
    return done;
}

static bool run_chunk(struct tool *tool, struct job *job, int chunk)
{
    *job = (struct job){.kind = JOB_VIDEO, .threads = 1, .info = tool->info, .chunk = chunk};
    for (size_t i = 0; i < tool->plan.rendition_count; i++)
        if (tool->plan.renditions[i].kind == PLAN_VIDEO)
            job->renditions[job->rendition_count++] = tool->plan.renditions[i];
    return run_piece(tool, job);
}

static bool run_audio(struct tool *tool, struct job *job)
{
    *job = (struct job){.kind = JOB_AUDIO, .threads = 1, .info = tool->info};
    for (size_t i = 0; i < tool->plan.rendition_count; i++)
        if (tool->plan.renditions[i].kind == PLAN_AUDIO)
            job->renditions[job->rendition_count++] = tool->plan.renditions[i];
    return job->rendition_count == 0 || run_piece(tool, job);
}

static bool run_all(struct tool *tool, struct job *job, int argc, char **argv)
{
    if (plan_make(&tool->info, &(struct plan_options){0}, &tool->plan) < 0 || !run_audio(tool, job))
        return false;
    if (!tool->info.has_video)
        return true;
    *job = (struct job){.kind = JOB_POSTER, .threads = 1, .info = tool->info, .poster_name = "poster.jpg"};
    if (!run_piece(tool, job))
        return false;
    for (int i = 0; i < argc; i++)
        if (!run_chunk(tool, job, (int)strtol(argv[i], NULL, 10)))
            return false;
    for (int chunk = 0; argc == 0 && chunk < tool->plan.chunk_count; chunk++)
        if (!run_chunk(tool, job, chunk))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: job_tool WORKER SOURCE OUTPUT probe|all [CHUNK...]\n");
        return 2;
    }
    struct tool *tool = calloc(1, sizeof(*tool));
    struct job *job = calloc(1, sizeof(*job));
    bool done = false;
    if (tool && job) {
        *tool = (struct tool){.worker = argv[1], .output = argv[3], .source_fd = open(argv[2], O_RDONLY | O_CLOEXEC)};
        *job = (struct job){.kind = JOB_PROBE, .threads = 1, .remux_name = "remuxed"};
        done = tool->source_fd >= 0 && run_piece(tool, job);
        char remuxed[4096];
        snprintf(remuxed, sizeof(remuxed), "%s/remuxed", argv[3]);
        int copy = open(remuxed, O_RDONLY | O_CLOEXEC);
        if (done && copy >= 0)
            tool->source_fd = copy;
        char text[16384];
        if (done && media_info_format(&tool->info, text, sizeof(text)) >= 0)
            printf("%s", text);
        if (done && strcmp(argv[4], "all") == 0)
            done = run_all(tool, job, argc - 5, argv + 5);
    }
    free(tool);
    free(job);
    return done ? 0 : 1;
}
