/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "transcoder/worker/landlock.h"

#ifndef __has_feature
#define __has_feature(name) 0 /* a test that only clang knows */
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
/* Sanitizers reserve terabytes of address space, and they find leaks with a tracing process. */
#define SANITIZED true
#else
#define SANITIZED false
#endif

#define MAX_DESCRIPTORS 64
/* The time between SIGXCPU and SIGKILL. Without it the process would get only SIGKILL at its
 * limit, which looks like a kill from outside. */
#define CPU_GRACE_S 60

static int limit(int resource, int64_t value, int64_t hard_value, struct failure *failure)
{
    struct rlimit bounds = {.rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)hard_value};
    if (setrlimit(resource, &bounds) < 0)
        return failure_set(failure, REASON_INTERNAL, "limit %d: %s", resource, strerror(errno));
    return 0;
}

static int enter_limits(const struct sandbox_params *params, struct failure *failure)
{
    int64_t memory_bytes = params->memory_bytes, file_bytes = params->file_bytes;
    if (!SANITIZED && limit(RLIMIT_AS, memory_bytes, memory_bytes, failure) < 0)
        return -1;
    if (limit(RLIMIT_CPU, params->cpu_s, params->cpu_s + CPU_GRACE_S, failure) < 0 ||
        limit(RLIMIT_FSIZE, file_bytes, file_bytes, failure) < 0 ||
        limit(RLIMIT_NOFILE, MAX_DESCRIPTORS, MAX_DESCRIPTORS, failure) < 0)
        return -1;
    return limit(RLIMIT_CORE, 0, 0, failure);
}

/* System calls that media code never makes. A process that makes one is under the control of an
 * attacker, so the kernel kills the process. */
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

/* Allows openat() only with the descriptor of the output folder, and no other call that opens
 * files. A sanitizer reads the memory maps and symbols of its own process, so a build with one may
 * open other files for reading. */
static int allow_opening_below(scmp_filter_ctx filter, int output_fd)
{
    static const unsigned modes[] = {O_RDONLY, O_WRONLY, O_RDWR, O_ACCMODE};
    const struct scmp_arg_cmp elsewhere = {
        .arg = 0, .op = SCMP_CMP_NE, .datum_a = (scmp_datum_t)output_fd};
    int error = 0;
    for (size_t i = SANITIZED ? 1 : 0; i < sizeof(modes) / sizeof(modes[0]) && error == 0; i++) {
        error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(openat), 2, elsewhere,
            SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE, modes[i]));
        if (error == 0)
            error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(open), 1,
                SCMP_A1(SCMP_CMP_MASKED_EQ, O_ACCMODE, modes[i]));
    }
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2), 0);
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(creat), 0);
    return error;
}

/* A system call that fails with EPERM: always, or if the comparison of one argument is true. */
struct refusal {
    int call;
    int argument; /* number of the argument; -1: always refused */
    enum scmp_compare refused_if;
    scmp_datum_t value;
};

static int refuse(scmp_filter_ctx filter, const struct refusal *rules, size_t count)
{
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++) {
        const struct refusal *r = &rules[i];
        const struct scmp_arg_cmp compare = {
            .arg = (unsigned)(r->argument < 0 ? 0 : r->argument),
            .op = r->refused_if,
            .datum_a = r->value,
        };
        error = seccomp_rule_add_array(
            filter, SCMP_ACT_ERRNO(EPERM), r->call, r->argument < 0 ? 0 : 1, &compare);
    }
    return error;
}

#define REFUSED(name)                                                                              \
    {                                                                                              \
        SCMP_SYS(name), -1, SCMP_CMP_NE, 0                                                         \
    }
#define REFUSED_UNLESS(name, argument, value)                                                      \
    {                                                                                              \
        SCMP_SYS(name), argument, SCMP_CMP_NE, (scmp_datum_t)(value)                               \
    }

/* Restricts the calls that change files by name to those that transcoder/worker/output.c makes
 * in the output folder. Where the kernel has Landlock, it also checks the file that a path leads
 * to. */
static int refuse_changing_elsewhere(scmp_filter_ctx filter, int output_fd)
{
    const struct refusal rules[] = {
        REFUSED_UNLESS(mkdirat, 0, output_fd),
        REFUSED_UNLESS(unlinkat, 0, output_fd),
        REFUSED_UNLESS(renameat, 0, output_fd),
        REFUSED_UNLESS(renameat, 2, output_fd),
        REFUSED_UNLESS(renameat2, 0, output_fd),
        REFUSED_UNLESS(renameat2, 2, output_fd),
        REFUSED(mkdir),
        REFUSED(rmdir),
        REFUSED(unlink),
        REFUSED(rename),
        REFUSED(link),
        REFUSED(linkat),
        REFUSED(symlink),
        REFUSED(symlinkat),
        REFUSED(mknod),
        REFUSED(mknodat),
        REFUSED(truncate),
        REFUSED(chmod),
        REFUSED(fchmodat),
        REFUSED(chown),
        REFUSED(lchown),
        REFUSED(fchownat),
        REFUSED(utime),
        REFUSED(utimes),
        REFUSED(futimesat),
        REFUSED(utimensat),
        REFUSED(setxattr),
        REFUSED(lsetxattr),
        REFUSED(removexattr),
        REFUSED(lremovexattr),
    };
    return refuse(filter, rules, sizeof(rules) / sizeof(rules[0]));
}

/* Refuses to raise limits, which root could do, and to signal other processes, which any user
 * could do to their own. abort() needs tgkill with the process's own number. */
static int refuse_raising_and_signals(scmp_filter_ctx filter)
{
    const struct refusal rules[] = {
        REFUSED(setrlimit),
        REFUSED_UNLESS(prlimit64, 2, 0),
        REFUSED(kill),
        REFUSED(tkill),
        REFUSED_UNLESS(tgkill, 0, getpid()),
        REFUSED(rt_sigqueueinfo),
        REFUSED(rt_tgsigqueueinfo),
    };
    return refuse(filter, rules, sizeof(rules) / sizeof(rules[0]));
}

/* Kills the process if it starts or traces another process. Threads are started with
 * clone(CLONE_THREAD), which stays allowed. The filter cannot see the flags of clone3, so clone3
 * fails with ENOSYS, and glibc then uses clone. */
static int forbid_processes(scmp_filter_ctx filter)
{
    int error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
        SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(fork), 0);
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(vfork), 0);
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(ptrace), 0);
    return error;
}

static int enter_filter(const struct sandbox_params *params, struct failure *failure)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int error = filter ? 0 : -ENOMEM;
    for (size_t i = 0; i < sizeof(killing_calls) / sizeof(killing_calls[0]) && error == 0; i++)
        error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, killing_calls[i], 0);
    if (error == 0)
        error = allow_opening_below(filter, params->output_fd);
    if (error == 0)
        error = refuse_changing_elsewhere(filter, params->output_fd);
    if (error == 0 && !SANITIZED)
        error = refuse_raising_and_signals(filter);
    if (error == 0 && !SANITIZED)
        error = forbid_processes(filter);
    if (error == 0)
        error = seccomp_load(filter);
    seccomp_release(filter);
    return error == 0 ? 0 : failure_set(failure, REASON_INTERNAL, "seccomp: %s", strerror(-error));
}

int sandbox_enter(
    const struct sandbox_params *params, int *landlock_version, struct failure *failure)
{
    if (enter_limits(params, failure) < 0)
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return failure_set(failure, REASON_INTERNAL, "no_new_privs: %s", strerror(errno));
    int version = landlock_enter(params->output_fd, SANITIZED);
    if (version < 0)
        return failure_set(failure, REASON_INTERNAL, "Landlock: %s", strerror(errno));
    if (landlock_version)
        *landlock_version = version;
    return enter_filter(params, failure);
}
