/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Acts of sandbox_tool on processes, on the kernel, and on the node; and the work of a worker. */
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/transcoder/sandbox_acts.h"
#include "transcoder/protocol/job.h"
#include "transcoder/protocol/reply.h"

#define MIB (1024LL * 1024)

char act_answer[200];

/* ---- sockets, processes, namespaces ---- */

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

/* Makes the connection that only Landlock has to refuse. Nothing listens at the port. */
static long connect_tcp(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return connect(fd, (const struct sockaddr *)&address, sizeof(address));
}

static long send_to_node(void)
{
    char byte = 0;
    struct iovec body = {&byte, 1};
    struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1};
    return sendmsg(JOB_FD_MESSAGES, &message, MSG_NOSIGNAL);
}

static long receive_elsewhere(void)
{
    struct msghdr message = {0};
    return recvmsg(STDIN_FILENO, &message, 0);
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

static long change_root(void)
{
    return chroot("/");
}

static long kill_parent(void)
{
    return kill(getppid(), SIGURG); /* which is ignored */
}

static long kill_parent_thread(void)
{
    return syscall(SYS_tgkill, getppid(), getppid(), SIGURG);
}

static long share_memory(void)
{
    return shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
}

/* ---- priority ---- */

static long raise_priority(void)
{
    return setpriority(PRIO_PROCESS, 0, -20);
}

static long lower_priority_of_parent(void)
{
    return setpriority(PRIO_PROCESS, (id_t)getppid(), 19);
}

static long become_real_time(void)
{
    return sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1});
}

static long become_batch(void)
{
    return sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
}

static long set_scheduling(void)
{
    uint32_t attributes[14] = {sizeof(attributes), SCHED_BATCH};
    return syscall(SYS_sched_setattr, 0, attributes, 0);
}

static long choose_cores(void)
{
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(0, &cores);
    return sched_setaffinity(0, sizeof(cores), &cores);
}

static long raise_io_priority(void)
{
    return syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, 2 << 13 /* best effort */);
}

static long raise_limit(void)
{
    struct rlimit bounds = {RLIM_INFINITY, RLIM_INFINITY};
    return setrlimit(RLIMIT_CPU, &bounds);
}

static long change_limit_of_parent(void)
{
    struct rlimit bounds = {0};
    return prlimit(getppid(), RLIMIT_CORE, NULL, &bounds);
}

/* ---- the own process ---- */

static long map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
               ? -1
               : 0;
}

static long make_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static long change_user(void)
{
    return setuid(1);
}

static long change_personality(void)
{
    return personality(READ_IMPLIES_EXEC);
}

static long be_traceable(void)
{
    return prctl(PR_SET_PTRACER, (unsigned long)getppid(), 0, 0, 0);
}

/* ---- limits ---- */

static long open_many(void)
{
    long fd;
    do
        fd = dup(STDIN_FILENO);
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

static long tell_limits(void)
{
    static const int resources[] = {RLIMIT_NPROC, RLIMIT_NICE, RLIMIT_RTPRIO, RLIMIT_CORE};
    size_t used = 0;
    for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
        struct rlimit bounds;
        if (getrlimit((__rlimit_resource_t)resources[i], &bounds) < 0)
            return -1;
        used += (size_t)snprintf(act_answer + used, sizeof(act_answer) - used, "%s%lld",
            i ? " " : "", (long long)bounds.rlim_max);
    }
    return 0;
}

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void *wait_in_thread(void *unused)
{
    pthread_mutex_lock(&held);
    return unused;
}

/* Starts threads until none can be started. Answers how many. */
static long start_threads(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int count = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 16384);
    pthread_mutex_lock(&held);
    while (count < 10000 && pthread_create(&thread, &attributes, wait_in_thread, NULL) == 0)
        count++;
    snprintf(act_answer, sizeof(act_answer), "%d", count);
    return 0;
}

/* Answers what the kernel says about the privileges: sets of capabilities in hex, and
 * no_new_privs. */
static long tell_privileges(void)
{
    static const char *const names[] = {"CapPrm:", "CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs:"};
    static char text[8192];
    size_t used = 0;
    if (pread(ACT_FD_STATUS, text, sizeof(text) - 1, 0) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *at = strstr(text, names[i]);
        char value[32] = "";
        if (!at || sscanf(at + strlen(names[i]), "%31s", value) != 1)
            return -1;
        used += (size_t)snprintf(
            act_answer + used, sizeof(act_answer) - used, "%s%s%s", i ? " " : "", names[i], value);
    }
    return 0;
}

/* ---- the work of a worker ---- */

void act_send(const struct message *message)
{
    uint8_t *bytes;
    size_t count;
    if (message_encode(message, &bytes, &count) < 0 ||
        write(JOB_FD_MESSAGES, bytes, count) != (ssize_t)count)
        exit(9);
    free(bytes);
}

/* Asks the node for a file. Returns a descriptor or 0; or -1 with errno set. */
static int request(enum message_request request, enum job_file_kind kind, const char *rendition)
{
    struct message message = {.type = MESSAGE_FILE, .request = request, .file.kind = kind};
    snprintf(message.file.rendition, sizeof(message.file.rendition), "%s", rendition);
    int fd;
    act_send(&message);
    if (reply_receive(JOB_FD_MESSAGES, &errno, &fd) < 0)
        exit(9);
    return errno ? -1 : fd >= 0 ? fd : 0;
}

static long ask_above(void)
{
    return request(MESSAGE_REQUEST_CREATE, JOB_FILE_INIT, "..");
}

static void *answer_in_thread(void *answer)
{
    return answer;
}

static long do_work(void)
{
    pthread_t thread;
    static char answer;
    void *result = NULL;
    int fd = request(MESSAGE_REQUEST_CREATE, JOB_FILE_REMUXED, "");
    if (fd < 0 || write(fd, "abc", 3) != 3 || fsync(fd) < 0 || lseek(fd, 0, SEEK_END) != 3 ||
        close(fd) < 0 || request(MESSAGE_REQUEST_KEEP, JOB_FILE_REMUXED, "") < 0)
        return -1;
    if (pthread_create(&thread, NULL, answer_in_thread, &answer) != 0 ||
        pthread_join(thread, &result) != 0 || result != &answer)
        return -1;
    char text[4] = "";
    fd = request(MESSAGE_REQUEST_READ, JOB_FILE_REMUXED, "");
    return fd >= 0 && pread(fd, text, 3, 0) == 3 && strcmp(text, "abc") == 0 ? 0 : -1;
}

static long write_much(void)
{
    static const char zeros[4096];
    int fd = request(MESSAGE_REQUEST_CREATE, JOB_FILE_REMUXED, "");
    for (int i = 0; fd >= 0 && i < 10000; i++)
        if (write(fd, zeros, sizeof(zeros)) < 0)
            return -1;
    return fd;
}

const struct act acts_on_system[] = {
    {"socket", make_socket},
    {"socketpair", make_local_socket},
    {"connect", connect_out},
    {"connect_tcp", connect_tcp},
    {"sendmsg", send_to_node},
    {"recvmsg", receive_elsewhere},
    {"execve", execute},
    {"fork", fork_off},
    {"ptrace", trace},
    {"process_vm_readv", read_memory},
    {"io_uring", use_io_uring},
    {"pidfd", take_descriptor},
    {"unshare", leave_namespace},
    {"chroot", change_root},
    {"kill", kill_parent},
    {"tgkill", kill_parent_thread},
    {"shm", share_memory},
    {"priority", raise_priority},
    {"priority_of_parent", lower_priority_of_parent},
    {"real_time", become_real_time},
    {"batch", become_batch},
    {"sched_setattr", set_scheduling},
    {"affinity", choose_cores},
    {"ioprio", raise_io_priority},
    {"setrlimit", raise_limit},
    {"prlimit", change_limit_of_parent},
    {"mmap_exec", map_code},
    {"mprotect_exec", make_code},
    {"setuid", change_user},
    {"personality", change_personality},
    {"ptracer", be_traceable},
    {"descriptors", open_many},
    {"memory", take_memory},
    {"cpu", burn},
    {"limits", tell_limits},
    {"threads", start_threads},
    {"privileges", tell_privileges},
    {"ask_above", ask_above},
    {"file_size", write_much},
    {"work", do_work},
    {NULL, NULL},
};
