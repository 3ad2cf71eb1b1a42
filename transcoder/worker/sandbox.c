/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/worker/sandbox.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "transcoder/worker/call_filter.h"
#include "transcoder/worker/landlock.h"
#include "transcoder/worker/sanitized.h"

#define MAX_DESCRIPTORS 64
/* The time between SIGXCPU and SIGKILL. Without it the process would get only SIGKILL at its
 * limit, which looks like a kill from outside. */
#define CPU_GRACE_S 60

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
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return failure_set(failure, REASON_INTERNAL, "no_new_privs: %s", strerror(errno));
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
