/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/worker/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "transcoder/worker/call_filter.h"
#include "transcoder/worker/landlock.h"
#include "transcoder/worker/privileges.h"
#include "transcoder/worker/sanitized.h"

#define MAX_DESCRIPTORS 64
/* The time between SIGXCPU and SIGKILL. Without it the process would get only SIGKILL at its
 * limit, which looks like a kill from outside. */
#define CPU_GRACE_S 60
/* How many threads the workers of a node may start, and for each core. An AV1 encoder starts about
 * 40 threads. */
#define MAX_NEW_THREADS 1024
#define MAX_NEW_THREADS_PER_CORE 128

/* The limit for the kernel's count of threads that the user has, in all processes. The node and its
 * other workers count too, and so does anything else that the user runs. So the limit is the number
 * of threads that the whole machine has now, and a margin. The kernel does not apply it to root. */
static int64_t max_threads(void)
{
    long now = 0, cores = sysconf(_SC_NPROCESSORS_ONLN);
    FILE *file = fopen("/proc/loadavg", "re");
    if (file && fscanf(file, "%*s %*s %*s %*d/%ld", &now) != 1)
        now = 0;
    if (file)
        fclose(file);
    if (now <= 0)
        return INT64_MAX;
    return now + MAX_NEW_THREADS + MAX_NEW_THREADS_PER_CORE * (cores > 0 ? cores : 1);
}

/* Sets a limit: a soft one, and a hard one, which nobody can raise again. A limit that is lower
 * already stays. */
static int limit(int resource, int64_t value, int64_t hard_value, struct failure *failure)
{
    struct rlimit bounds;
    if (getrlimit(resource, &bounds) == 0) {
        if (bounds.rlim_max > (rlim_t)hard_value)
            bounds.rlim_max = (rlim_t)hard_value;
        if (bounds.rlim_cur > (rlim_t)value || bounds.rlim_cur > bounds.rlim_max)
            bounds.rlim_cur = (rlim_t)value < bounds.rlim_max ? (rlim_t)value : bounds.rlim_max;
        if (setrlimit(resource, &bounds) == 0)
            return 0;
    }
    return failure_set(failure, REASON_INTERNAL, "limit %d: %s", resource, strerror(errno));
}

int sandbox_enter_limits(const struct sandbox_params *params, struct failure *failure)
{
    const struct {
        int resource;
        int64_t value, hard_value;
    } limits[] = {
        {RLIMIT_AS, params->memory_bytes, params->memory_bytes},
        {RLIMIT_CPU, params->cpu_s, params->cpu_s + CPU_GRACE_S},
        {RLIMIT_FSIZE, params->file_bytes, params->file_bytes},
        {RLIMIT_NOFILE, MAX_DESCRIPTORS, MAX_DESCRIPTORS},
        {RLIMIT_NPROC, max_threads(), max_threads()},
        {RLIMIT_NICE, 0, 0},
        {RLIMIT_RTPRIO, 0, 0},
        {RLIMIT_CORE, 0, 0},
    };
    for (size_t i = SANITIZED ? 1 : 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        if (limit(limits[i].resource, limits[i].value, limits[i].hard_value, failure) < 0)
            return -1;
    return 0;
}

int sandbox_enter(
    const struct sandbox_params *params, int *landlock_version, struct failure *failure)
{
    if (sandbox_enter_limits(params, failure) < 0)
        return -1;
    if (privileges_drop() < 0)
        return failure_set(failure, REASON_INTERNAL, "privileges: %s", strerror(errno));
    int version = landlock_enter(SANITIZED);
    if (version < 0)
        return failure_set(failure, REASON_INTERNAL, "Landlock: %s", strerror(errno));
    if (landlock_version)
        *landlock_version = version;
    int error = call_filter_enter(params->node_fd);
    if (error < 0)
        return failure_set(failure, REASON_INTERNAL, "seccomp: %s", strerror(-error));
    return 0;
}
