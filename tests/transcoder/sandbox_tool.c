/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replaces terrace-worker in tests. Enters the sandbox as the worker does, with narrow limits, and
 * then does what an attacker would do. The first line of the source says "LAYER ACTION". LAYER is
 * "all", or the only layer that is entered: limits, privileges, landlock or filter. ACTION is a
 * name in one of the tables of sandbox_acts.h. The program is built without sanitizers in every
 * build, because they turn some of the rules off.
 *
 * The sandbox may kill the program. Otherwise its only message is a failure, and the detail is the
 * outcome, such as "open: Operation not permitted" or "open: succeeded".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/transcoder/sandbox_acts.h"
#include "transcoder/protocol/job.h"
#include "transcoder/protocol/message.h"
#include "transcoder/worker/call_filter.h"
#include "transcoder/worker/landlock.h"
#include "transcoder/worker/privileges.h"
#include "transcoder/worker/sandbox.h"

#define MIB (1024LL * 1024)

static void say(enum reason reason, const char *detail)
{
    struct message message = {.type = MESSAGE_FAILED, .reason = reason};
    snprintf(message.detail, sizeof(message.detail), "%s", detail);
    act_send(&message);
}

/* Opens what an attacker could have got hold of, before the sandbox is entered: the folder of the
 * source, a file in it if the test has put one there, and the process's status. */
static void open_loot(void)
{
    char link[64], path[4096] = "";
    snprintf(link, sizeof(link), "/proc/self/fd/%d", JOB_FD_SOURCE);
    if (readlink(link, path, sizeof(path) - 1) < 0 || !strrchr(path, '/'))
        exit(7);
    *strrchr(path, '/') = '\0';
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int file = openat(folder, "victim", O_RDWR | O_CLOEXEC);
    int status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (dup2(folder, ACT_FD_FOLDER) < 0 || dup2(status, ACT_FD_STATUS) < 0 ||
        (file >= 0 && dup2(file, ACT_FD_FILE) < 0))
        exit(7);
}

/* Enters all layers or one. Returns 0, or -1 with failure set. */
static int enter(const char *layer, struct failure *failure)
{
    const struct sandbox_params params = {
        .memory_bytes = 256 * MIB, .cpu_s = 1, .file_bytes = MIB, .node_fd = JOB_FD_MESSAGES};
    if (strcmp(layer, "all") == 0)
        return sandbox_enter(&params, NULL, failure);
    int error = -1;
    if (strcmp(layer, "limits") == 0)
        error = sandbox_enter_limits(&params, failure);
    else if (strcmp(layer, "privileges") == 0)
        error = privileges_drop();
    else if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && strcmp(layer, "landlock") == 0)
        error = landlock_enter(false) > 0 ? 0 : -1;
    else if (strcmp(layer, "filter") == 0)
        error = call_filter_enter(JOB_FD_MESSAGES);
    return error == 0 ? 0 : failure_set(failure, REASON_INTERNAL, "%s can't be entered", layer);
}

static void run(const struct act *act)
{
    char detail[256];
    long result = act->run();
    snprintf(detail, sizeof(detail), "%s: %s", act->name,
        result < 0           ? strerror(errno)
        : act_answer[0] != 0 ? act_answer
                             : "succeeded");
    say(result < 0 && errno == ENOMEM ? REASON_OUT_OF_MEMORY : REASON_INTERNAL, detail);
}

static void find_and_run(const struct act *acts, const char *name)
{
    for (; acts->name; acts++)
        if (strcmp(name, acts->name) == 0)
            run(acts);
}

int main(void)
{
    char line[64] = "", layer[16] = "", name[32] = "";
    struct failure failure = {.reason = REASON_NONE};
    if (pread(JOB_FD_SOURCE, line, sizeof(line) - 1, 0) < 0 ||
        sscanf(line, "%15s %31s", layer, name) != 2)
        return 8;
    open_loot();
    if (enter(layer, &failure) < 0) {
        say(failure.reason, failure.detail);
        return 1;
    }
    find_and_run(acts_on_files, name);
    find_and_run(acts_on_system, name);
    return 1;
}
