/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/worker/call_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "transcoder/worker/sanitized.h"

/* The flags with which clone() makes namespaces. */
#define NAMESPACES                                                                                 \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
        CLONE_NEWNET)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the lists ---- */

/* Sorted by purpose. What encoders and the C library need: open descriptors; memory; threads;
 * signals within the process; time; facts about the process and the machine. */
static const int allowed_calls[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    SCMP_SYS(_llseek),
    SCMP_SYS(fstat),
    SCMP_SYS(fsync),
    SCMP_SYS(close),

    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),

    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_get_priority_min),
    SCMP_SYS(sched_get_priority_max),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),

    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),

    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),

    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getrusage),
    SCMP_SYS(getrandom),
    SCMP_SYS(getcpu),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
};

/* What media code never does. A process that does it is under the control of an attacker. */
static const int killing_calls[] = {
    SCMP_SYS(socket),
    SCMP_SYS(socketpair),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(bpf),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(open_tree),
    SCMP_SYS(move_mount),
    SCMP_SYS(fsopen),
    SCMP_SYS(fspick),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(reboot),
};

/* What libraries try and do without: SVT-AV1 opens files about the cores, and asks for real-time
 * priority if the user is root; FFmpeg opens /dev/urandom. */
static const int refused_calls[] = {
    SCMP_SYS(sched_setscheduler),
    SCMP_SYS(sched_setparam),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(setpriority),
#if !SANITIZED
    SCMP_SYS(open),
    SCMP_SYS(openat),
#endif
};

#if SANITIZED
/* A sanitizer reads about its own process, and looks for leaks in a process of its own, which
 * traces the others. */
static const int sanitizer_calls[] = {
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(access),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(ioctl),
    SCMP_SYS(fcntl),
    SCMP_SYS(dup),
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(wait4),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(tgkill),
    SCMP_SYS(getppid),
    SCMP_SYS(prctl),
    SCMP_SYS(arch_prctl),
    SCMP_SYS(prlimit64),
    SCMP_SYS(getrlimit),
    SCMP_SYS(setrlimit),
    SCMP_SYS(mmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(msync),
    SCMP_SYS(mincore),
    SCMP_SYS(personality),
    SCMP_SYS(set_tid_address),
};
#endif

/* ---- adding them ---- */

static int add_calls(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++)
        error = seccomp_rule_add(filter, action, calls[i], 0);
    return error;
}

#if SANITIZED
/* Allows the rest, which depends on the build. */
static int allow_build(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp reading[] = {
        SCMP_A1(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY),
        SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY),
    };
    int error = add_calls(filter, SCMP_ACT_ALLOW, sanitizer_calls, COUNT(sanitizer_calls));
    if (error == 0)
        error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(open), 1, &reading[0]);
    if (error == 0)
        error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, &reading[1]);
    return error;
}
#else
/* Threads are started with clone(CLONE_THREAD); every other clone() makes a process. The filter
 * cannot see the flags of clone3(), which therefore gets ENOSYS, and the C library then uses
 * clone(). abort() needs tgkill() with the process's own number. */
static int allow_threads(scmp_filter_ctx filter)
{
    static const int processes[] = {SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace)};
    int error = add_calls(filter, SCMP_ACT_KILL_PROCESS, processes, COUNT(processes));
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | NAMESPACES, CLONE_THREAD));
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    return error;
}

/* Memory never becomes executable, so an attacker can't bring code along. */
static int allow_memory(scmp_filter_ctx filter)
{
    int error = seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return error;
}

/* Allows to name threads, and to ask for the own limits and for the state of the sandbox. */
static int allow_questions(scmp_filter_ctx filter)
{
    static const int options[] = {PR_SET_NAME, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP};
    int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
        SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0));
    for (size_t i = 0; i < COUNT(options) && error == 0; i++)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)options[i]));
    return error;
}

/* Allows the rest, which depends on the build. */
static int allow_build(scmp_filter_ctx filter)
{
    int error = allow_threads(filter);
    if (error == 0)
        error = allow_memory(filter);
    return error == 0 ? allow_questions(filter) : error;
}
#endif

int call_filter_enter(int node_fd)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int error = filter ? 0 : -ENOMEM;
    if (error == 0)
        error = add_calls(filter, SCMP_ACT_ALLOW, allowed_calls, COUNT(allowed_calls));
    if (error == 0)
        error = add_calls(filter, SCMP_ACT_KILL_PROCESS, killing_calls, COUNT(killing_calls));
    if (error == 0)
        error = add_calls(filter, SCMP_ACT_ERRNO(EPERM), refused_calls, COUNT(refused_calls));
    if (error == 0 && node_fd >= 0)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(recvmsg), 1,
            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)node_fd));
    if (error == 0)
        error = allow_build(filter);
    if (error == 0)
        error = seccomp_load(filter);
    seccomp_release(filter);
    return error;
}
