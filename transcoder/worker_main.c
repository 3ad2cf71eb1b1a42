/* SPDX-License-Identifier: GPL-3.0-or-later */
/* terrace-worker does one unit of transcoding work and ends. The node starts it and passes the
 * job in descriptors (transcoder/protocol/job.h). People do not run it by hand. */
#include <errno.h>
#include <fcntl.h>
#include <libavutil/log.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transcoder/audio/audio_job.h"
#include "transcoder/ladder/chunk.h"
#include "transcoder/probe/probe.h"
#include "transcoder/stills/stills.h"
#include "transcoder/subtitles/subtitle_job.h"
#include "transcoder/text/gb18030.h"
#include "transcoder/worker/sandbox.h"

#define GIB (1024LL * 1024 * 1024)
#define MEMORY_BYTES (4 * GIB)
#define CPU_S (8LL * 3600)

/* Keeps freed memory in the process. Frames and encoders are allocated and freed all the time,
 * and it is slow to return their pages to the kernel and get cleared pages again. The pages of
 * large pictures are not kept, because that would take half as much memory again. */
static void keep_pages(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 2 * 1024 * 1024);
    mallopt(M_TRIM_THRESHOLD, 512 * 1024 * 1024);
}

static int read_job(struct job *job)
{
    char *text = malloc(JOB_TEXT_MAX_BYTES + 1);
    size_t count = 0;
    ssize_t got = -1;
    while (text && count <= JOB_TEXT_MAX_BYTES &&
           (got = read(JOB_FD_TEXT, text + count, JOB_TEXT_MAX_BYTES + 1 - count)) > 0)
        count += (size_t)got;
    int result = text && got == 0 ? job_parse(text, count, job) : -1;
    free(text);
    close(JOB_FD_TEXT);
    return result;
}

static int enter_sandbox(const struct job *job, struct failure *failure)
{
    struct stat status;
    int64_t source_bytes = fstat(JOB_FD_SOURCE, &status) == 0 ? status.st_size : 0;
    struct sandbox_params params = {
        .memory_bytes = MEMORY_BYTES,
        .cpu_s = CPU_S,
        /* A remuxed copy is about as large as its source. Chunks are far smaller than 1 GiB. */
        .file_bytes = job->kind == JOB_PROBE ? source_bytes + source_bytes / 4 + GIB / 16 : GIB,
        .node_fd = JOB_FD_MESSAGES,
    };
    return sandbox_enter(&params, NULL, failure);
}

static int run_job(const struct work *work, struct failure *failure)
{
    switch (work->job->kind) {
    case JOB_PROBE:
        return probe_run(work, failure);
    case JOB_AUDIO:
        return audio_job_run(work, failure);
    case JOB_VIDEO:
        return chunk_run(work, failure);
    case JOB_POSTER:
        return stills_run(work, failure);
    case JOB_TEXT:
        return subtitle_job_run(work, failure);
    }
    return failure_set(failure, REASON_INTERNAL, "unknown kind of job");
}

static int do_work(struct job *job, struct report *report)
{
    struct failure failure = {.reason = REASON_NONE};
    struct work work = {.job = job, .source_fd = JOB_FD_SOURCE, .report = report};
    /* The first word tells the node that this program runs, before any byte of the source can
     * decide what it does. */
    int result = report_send(report, &(struct message){.type = MESSAGE_PROGRESS}, &failure);
    if (result == 0 && gb18030_open(&work.gb18030) < 0)
        result = failure_set(&failure, REASON_INTERNAL, "no tables for GB18030");
    if (result == 0)
        result = enter_sandbox(job, &failure);
    if (result == 0)
        result = run_job(&work, &failure);
    gb18030_close(&work.gb18030);
    struct message last = {
        .type = result == 0 ? MESSAGE_DONE : MESSAGE_FAILED, .reason = failure.reason};
    memcpy(last.detail, failure.detail, sizeof(last.detail));
    if (result < 0)
        fprintf(stderr, "%s: %s\n", reason_name(failure.reason), failure.detail);
    if (report_send(report, &last, &failure) < 0)
        return EXIT_FAILURE;
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Serves `terrace doctor`: enters the sandbox and prints the layers that are in force, as the
 * kernel reports them, such as "seccomp 1" and "landlock 7" (the version). 0: the layer is
 * missing. */
static int print_layers(void)
{
    struct failure failure = {.reason = REASON_NONE};
    struct sandbox_params params = {
        .memory_bytes = MEMORY_BYTES, .cpu_s = CPU_S, .file_bytes = GIB, .node_fd = -1};
    int landlock = 0;
    if (sandbox_enter(&params, &landlock, &failure) < 0) {
        fprintf(stderr, "%s: %s\n", reason_name(failure.reason), failure.detail);
        return EXIT_FAILURE;
    }
    struct rlimit files = {.rlim_max = RLIM_INFINITY};
    getrlimit(RLIMIT_NOFILE, &files);
    printf("limits %d no_new_privs %d seccomp %d landlock %d\n", files.rlim_max < 1000,
        prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2,
        landlock);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("terrace-worker %s\n", TERRACE_VERSION);
        return EXIT_SUCCESS;
    }
    if (argc == 2 && strcmp(argv[1], "--sandbox") == 0)
        return print_layers();
    for (int fd = JOB_FD_TEXT; fd <= JOB_FD_SOURCE; fd++)
        if (argc != 1 || fcntl(fd, F_GETFD) < 0) {
            fprintf(stderr, "terrace-worker is started by terrace, with its work on descriptors; "
                            "there is nothing to run by hand.\n");
            return 2;
        }
    /* If the node has gone, a write fails, which needs no signal. The log of FFmpeg is meant for
     * its developers. */
    signal(SIGPIPE, SIG_IGN);
    av_log_set_level(AV_LOG_FATAL);
    setenv("SVT_LOG", "0", 1);
    keep_pages();
    struct job *job = malloc(sizeof(*job));
    struct report *report = NULL;
    int status = EXIT_FAILURE;
    if (job && report_open(&report, JOB_FD_MESSAGES) == 0) {
        if (read_job(job) == 0)
            status = do_work(job, report);
        else
            fprintf(stderr, "the job text is malformed\n");
    }
    report_close(&report);
    free(job);
    return status;
}
