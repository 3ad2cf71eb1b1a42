/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replaces terrace-worker in tests. Enters the sandbox as the worker does, with narrow limits, and
 * then does what an attacker would do. The first line of the source names the action. The program
 * is built without sanitizers in every build, because they turn some of the rules off.
 *
 * The sandbox may kill the program. Otherwise its only message is a failure, and the detail is the
 * outcome, such as "open: Operation not permitted" or "open: succeeded".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "transcoder/protocol/job.h"
#include "transcoder/protocol/message.h"
#include "transcoder/worker/sandbox.h"

#define MIB (1024LL * 1024)

static long make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static long make_local_socket(void)
{
    int fds[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
}

/* The descriptor does not exist, because only the call matters. */
static long connect_out(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    return connect(99, (const struct sockaddr *)&address, sizeof(address));
}

static long execute(void)
{
    char *const arguments[] = {(char *)"true", NULL};
    return execv("/bin/true", arguments);
}

static long fork_off(void)
{
    return fork();
}

static long trace(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long read_memory(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)0x10000, 1};
    return process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}

static long use_io_uring(void)
{
    struct io_uring_params params = {0};
    return syscall(SYS_io_uring_setup, 8, &params);
}

static long take_descriptor(void)
{
    return syscall(SYS_pidfd_open, getppid(), 0);
}

static long leave_namespace(void)
{
    return syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */);
}

static long kill_parent(void)
{
    return kill(getppid(), SIGKILL);
}

static long kill_parent_thread(void)
{
    return syscall(SYS_tgkill, getppid(), getppid(), SIGKILL);
}

static long read_elsewhere(void)
{
    return open("/etc/passwd", O_RDONLY);
}

static long read_absolute(void)
{
    return openat(JOB_FD_OUTPUT, "/etc/passwd", O_RDONLY);
}

static long read_above(void)
{
    return openat(JOB_FD_OUTPUT, "..", O_RDONLY | O_DIRECTORY);
}

/* Access mode 3 allows neither reading nor writing, but ioctl. */
static long open_for_ioctl(void)
{
    return open("/dev/null", O_ACCMODE);
}

static long open_by_how(void)
{
    uint64_t how[3] = {O_RDONLY, 0, 0};
    return syscall(SYS_openat2, JOB_FD_OUTPUT, "..", how, sizeof(how));
}

static long write_elsewhere(void)
{
    return open("/tmp/terrace-sandbox-escape", O_WRONLY | O_CREAT, 0600);
}

static long write_above(void)
{
    return openat(JOB_FD_OUTPUT, "../terrace-sandbox-escape", O_WRONLY | O_CREAT, 0600);
}

static long rename_above(void)
{
    int fd = openat(JOB_FD_OUTPUT, "mine", O_WRONLY | O_CREAT, 0600);
    return fd < 0 ? fd
                  : renameat(JOB_FD_OUTPUT, "mine", JOB_FD_OUTPUT, "../terrace-sandbox-escape");
}

static long remove_elsewhere(void)
{
    return unlink("/tmp/terrace-sandbox-escape");
}

static long remove_above(void)
{
    return unlinkat(JOB_FD_OUTPUT, "../victim", 0);
}

static long make_link(void)
{
    return symlinkat("/etc/passwd", JOB_FD_OUTPUT, "link");
}

static long make_folder_above(void)
{
    return mkdirat(JOB_FD_OUTPUT, "../terrace-sandbox-escape", 0700);
}

static long change_mode(void)
{
    return fchmodat(JOB_FD_OUTPUT, "../victim", 0777, 0);
}

static long cut_short(void)
{
    return truncate("/tmp/terrace-sandbox-escape", 0);
}

static long raise_limit(void)
{
    struct rlimit bounds = {RLIM_INFINITY, RLIM_INFINITY};
    return setrlimit(RLIMIT_CPU, &bounds);
}

static long work_in_folder(void)
{
    int fd = mkdirat(JOB_FD_OUTPUT, "v1", 0700);
    fd = fd < 0 ? fd : openat(JOB_FD_OUTPUT, "v1/a.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 ||
        renameat(JOB_FD_OUTPUT, "v1/a.tmp", JOB_FD_OUTPUT, "v1/a") < 0)
        return -1;
    return unlinkat(JOB_FD_OUTPUT, "v1/a", 0);
}

static long open_many(void)
{
    long fd;
    do
        fd = openat(JOB_FD_OUTPUT, ".", O_RDONLY | O_DIRECTORY);
    while (fd >= 0 && fd < 1000);
    return fd;
}

/* Never frees the memory. */
static long take_memory(void)
{
    for (int i = 0; i < 100; i++) { /* NOLINT(clang-analyzer-unix.Malloc) */
        char *block = malloc(16 * MIB);
        if (!block)
            return -1;
        __asm__ volatile("" : : "r"(block) : "memory"); /* keeps the allocation */
    }
    return 0;
}

static long burn(void)
{
    volatile unsigned turns = 1;
    while (turns != 0)
        turns |= 1;
    return 0;
}

static long write_much(void)
{
    static const char zeros[4096];
    int fd = openat(JOB_FD_OUTPUT, "much", O_WRONLY | O_CREAT, 0600);
    for (int i = 0; fd >= 0 && i < 10000; i++)
        if (write(fd, zeros, sizeof(zeros)) < 0)
            return -1;
    return fd;
}

static const struct {
    const char *name;
    long (*act)(void);
} acts[] = {
    {"socket", make_socket},
    {"socketpair", make_local_socket},
    {"connect", connect_out},
    {"execve", execute},
    {"fork", fork_off},
    {"ptrace", trace},
    {"process_vm_readv", read_memory},
    {"io_uring", use_io_uring},
    {"pidfd", take_descriptor},
    {"unshare", leave_namespace},
    {"kill", kill_parent},
    {"tgkill", kill_parent_thread},
    {"open", read_elsewhere},
    {"open_absolute", read_absolute},
    {"open_above", read_above},
    {"open_for_ioctl", open_for_ioctl},
    {"openat2", open_by_how},
    {"create", write_elsewhere},
    {"create_above", write_above},
    {"rename_above", rename_above},
    {"unlink", remove_elsewhere},
    {"unlink_above", remove_above},
    {"symlink", make_link},
    {"mkdir_above", make_folder_above},
    {"chmod", change_mode},
    {"truncate", cut_short},
    {"setrlimit", raise_limit},
    {"descriptors", open_many},
    {"memory", take_memory},
    {"cpu", burn},
    {"file_size", write_much},
    {"work", work_in_folder},
};

static void say(enum reason reason, const char *detail)
{
    struct message message = {.type = MESSAGE_FAILED, .reason = reason};
    snprintf(message.detail, sizeof(message.detail), "%s", detail);
    uint8_t *bytes;
    size_t count;
    if (message_encode(&message, &bytes, &count) < 0 ||
        write(JOB_FD_MESSAGES, bytes, count) != (ssize_t)count)
        exit(9);
    free(bytes);
}

static void run(size_t number)
{
    char detail[128];
    long result = acts[number].act();
    snprintf(detail, sizeof(detail), "%s: %s", acts[number].name,
        result < 0 ? strerror(errno) : "succeeded");
    say(result < 0 && errno == ENOMEM ? REASON_OUT_OF_MEMORY : REASON_INTERNAL, detail);
}

int main(void)
{
    char word[32] = "";
    struct failure failure = {.reason = REASON_NONE};
    const struct sandbox_params params = {
        .memory_bytes = 256 * MIB, .cpu_s = 1, .file_bytes = MIB, .output_fd = JOB_FD_OUTPUT};
    if (pread(JOB_FD_SOURCE, word, sizeof(word) - 1, 0) < 0)
        return 8;
    word[strcspn(word, "\n")] = '\0';
    if (sandbox_enter(&params, NULL, &failure) < 0) {
        say(failure.reason, failure.detail);
        return 1;
    }
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
        if (strcmp(word, acts[i].name) == 0)
            run(i);
    return 1;
}
