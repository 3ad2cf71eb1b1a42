/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands in for terrace-worker in scheduler_test. The text of the source file says how it behaves
 * in the probe. If the probe does not know that text, it succeeds, and the text says what the
 * worker reports in the next job. At each start it appends a line with the numbers of all its open
 * descriptors to a file next to the source: "probe" for a probe, "media" for other jobs. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transcoder/protocol/job.h"
#include "transcoder/protocol/message.h"
#include "transcoder/protocol/reply.h"

static void say(const struct message *message)
{
    uint8_t *bytes;
    size_t count;
    if (message_encode(message, &bytes, &count) < 0 ||
        write(JOB_FD_MESSAGES, bytes, count) != (ssize_t)count)
        exit(9);
    free(bytes);
}

/* Writes the numbers of the open descriptors, such as "0 1 2 3 4 5 6", and a newline. */
static void list_descriptors(char *out, size_t out_bytes)
{
    size_t used = 0;
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%d", used ? " " : "", fd);
    snprintf(out + used, out_bytes - used, "\n");
}

static void leave_trace(const char *name)
{
    char line[512] = "", link[64], path[4096 + 16] = "";
    list_descriptors(line, sizeof(line));
    snprintf(link, sizeof(link), "/proc/self/fd/%d", JOB_FD_SOURCE);
    if (readlink(link, path, 4096 - 1) < 0 || !strrchr(path, '/'))
        exit(8);
    snprintf(strrchr(path, '/') + 1, 16, "%s", name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, strlen(line)) < 0)
        exit(8);
    close(fd);
}

static void wait_for_the_end(void)
{
    for (;;)
        pause();
}

static void find(const char *how)
{
    struct message message = {.type = MESSAGE_PROBED};
    message.info = (struct media_info){.container = "fake",
        .duration_us = 12000000,
        .seekable = true,
        .sar_num = 1,
        .sar_den = 1,
        .fps_num = 25,
        .fps_den = 1,
        .audio_count = 1};
    message.info.audio[0] = (struct media_audio){
        .codec = "aac", .sample_rate = 48000, .channels = 1, .end_us = 12000000};
    if (strcmp(how, "copy") == 0)
        message.remuxed_bytes = 1000;
    say(&message);
    say(&(struct message){.type = MESSAGE_DONE});
    if (strcmp(how, "linger") == 0)
        wait_for_the_end();
}

/* Writes messages for ever, and faster than the node takes them in. */
static void flood(void)
{
    static uint8_t many[64 * 1024];
    uint8_t *one;
    size_t one_bytes, used = 0;
    if (message_encode(&(struct message){.type = MESSAGE_PROGRESS}, &one, &one_bytes) < 0)
        exit(9);
    for (; used + one_bytes <= sizeof(many); used += one_bytes)
        memcpy(many + used, one, one_bytes);
    free(one);
    while (write(JOB_FD_MESSAGES, many, used) == (ssize_t)used)
        ;
    exit(9);
}

/* Asks for a file of the job, and returns its descriptor, or -1 if the request gives none. */
static int request(enum message_request request, struct job_file file)
{
    int error, fd;
    say(&(struct message){.type = MESSAGE_FILE, .request = request, .file = file});
    if (reply_receive(JOB_FD_MESSAGES, &error, &fd) < 0 || error != 0)
        exit(6);
    return fd;
}

/* Makes a copy of the source, and ends without a word about it. */
static void leave_a_copy(void)
{
    const struct job_file file = {JOB_FILE_REMUXED, "", 0};
    int fd = request(MESSAGE_REQUEST_CREATE, file);
    if (write(fd, "copy", 4) != 4)
        exit(6);
    request(MESSAGE_REQUEST_KEEP, file);
    abort();
}

/* Fails with the score of the OOM killer as the detail. */
static void tell_score(void)
{
    struct message message = {.type = MESSAGE_FAILED, .reason = REASON_NO_STREAMS};
    int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, message.detail, 15) <= 0)
        exit(6);
    say(&message);
}

static void probe(const char *how)
{
    if (strcmp(how, "crash") == 0)
        abort();
    else if (strcmp(how, "exit") == 0)
        exit(3);
    else if (strcmp(how, "kill") == 0)
        raise(SIGKILL);
    else if (strcmp(how, "term") == 0)
        raise(SIGTERM);
    else if (strcmp(how, "sandbox") == 0)
        raise(SIGSYS);
    else if (strcmp(how, "silent") == 0 || strcmp(how, "patient") == 0)
        wait_for_the_end();
    else if (strcmp(how, "flood") == 0)
        flood();
    else if (strcmp(how, "score") == 0)
        tell_score();
    else if (strcmp(how, "exit 125") == 0) {
        say(&(struct message){.type = MESSAGE_PROGRESS});
        exit(125);
    } else if (strcmp(how, "unread source") == 0)
        exit(JOB_EXIT_SOURCE);
    else if (strcmp(how, "leave") == 0)
        leave_a_copy();
    else if (strcmp(how, "full") == 0)
        say(&(struct message){.type = MESSAGE_FAILED, .reason = REASON_DISK_FULL});
    else if (strcmp(how, "garbage") == 0)
        exit(write(JOB_FD_MESSAGES, "\xff\xff\xff\xff\xff\xff\xff\xff", 8) == 8 ? 0 : 9);
    else if (strcmp(how, "fail") == 0)
        say(&(struct message){
            .type = MESSAGE_FAILED, .reason = REASON_NO_STREAMS, .detail = "data"});
    else if (strcmp(how, "mute") == 0)
        say(&(struct message){.type = MESSAGE_DONE});
    else
        find(how);
}

/* Asks for a file that its job does not make or does not read, or for two files without reading the
 * first reply. */
static void ask(const char *how)
{
    struct message message = {
        .type = MESSAGE_FILE, .request = MESSAGE_REQUEST_CREATE, .file = {JOB_FILE_POSTER, "", 0}};
    if (strcmp(how, "foreign") != 0)
        message.file = (struct job_file){JOB_FILE_INIT, "a32", 0};
    if (strcmp(how, "reading") == 0)
        message.request = MESSAGE_REQUEST_READ;
    say(&message);
    say(&message);
    wait_for_the_end();
}

/* Makes an init segment, and reports it again and again; or writes much more than it needs. */
static void overdo(const char *how, const char *rendition)
{
    static const char sha[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct job_file file = {JOB_FILE_INIT, "", 0};
    struct message message = {.type = MESSAGE_INIT, .bytes = 10};
    snprintf(file.rendition, sizeof(file.rendition), "%s", rendition);
    snprintf(message.rendition, sizeof(message.rendition), "%s", rendition);
    memcpy(message.sha256, sha, sizeof(sha));
    int fd = request(MESSAGE_REQUEST_CREATE, file);
    if (ftruncate(fd, strcmp(how, "greedy") == 0 ? 1 << 30 : message.bytes) < 0)
        exit(6);
    if (strcmp(how, "greedy") == 0)
        wait_for_the_end();
    request(MESSAGE_REQUEST_KEEP, file);
    for (;;)
        say(&message);
}

/* Reports media files that do not exist, and then waits to be ended. */
static void lie(const char *how, const char *rendition)
{
    if (strcmp(how, "unread") == 0 || strcmp(how, "foreign") == 0 || strcmp(how, "reading") == 0)
        ask(how);
    if (strcmp(how, "repeat") == 0 || strcmp(how, "greedy") == 0)
        overdo(how, rendition);
    static const char sha[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct message_segment segment = {.length_bytes = 10, .duration_ticks = 48000};
    struct message message = {.type = strcmp(how, "init") == 0 ? MESSAGE_INIT : MESSAGE_CHUNK,
        .bytes = 10,
        .segments = &segment,
        .segment_count = 1};
    snprintf(message.rendition, sizeof(message.rendition), "a32");
    snprintf(message.codecs, sizeof(message.codecs), "mp4a.40.2");
    memcpy(message.sha256, sha, sizeof(sha));
    if (strcmp(how, "storyboard") == 0)
        message = (struct message){.type = MESSAGE_STORYBOARD, .sheets = 2};
    if (strcmp(how, "poster") == 0)
        message = (struct message){.type = MESSAGE_POSTER};
    say(&message);
    wait_for_the_end();
}

int main(void)
{
    static char text[JOB_TEXT_MAX_BYTES];
    static struct job job;
    char how[32] = "";
    ssize_t count = read(JOB_FD_TEXT, text, sizeof(text));
    if (count < 0 || job_parse(text, (size_t)count, &job) < 0 ||
        pread(JOB_FD_SOURCE, how, sizeof(how) - 1, 0) < 0)
        return 7;
    leave_trace(job.kind == JOB_PROBE ? "probe" : "media");
    if (job.kind == JOB_PROBE)
        probe(how);
    else
        lie(how, job.renditions[0].name);
    return 0;
}
