/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/jobs/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "transcoder/protocol/job.h"

/* A number above all final descriptors, so that moving one of them does not overwrite another. */
#define HIGH_FD (JOB_FD_SOURCE + 1)
/* How many descriptors a heritage has. */
#define COUNT 4

static void give_up(void)
{
    _exit(errno == EMFILE || errno == ENFILE ? SPAWN_SHORT : 126);
}

static void move_into_place(const struct heritage *heritage)
{
    const int from[COUNT] = {heritage->log, heritage->text, heritage->messages, heritage->source};
    const int to[COUNT] = {STDERR_FILENO, JOB_FD_TEXT, JOB_FD_MESSAGES, JOB_FD_SOURCE};
    int high[COUNT];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        give_up();
    for (int i = 0; i < COUNT; i++) {
        high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, HIGH_FD);
        if (high[i] < 0)
            give_up();
    }
    if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
        give_up();
    for (int i = 0; i < COUNT; i++)
        if (dup2(high[i], to[i]) < 0)
            _exit(126);
    if (close_range(JOB_FD_SOURCE + 1, ~0U, 0) < 0)
        _exit(126);
}

/* If memory runs out, the kernel shall end a worker, whose work can be done again, and not the
 * node. Nothing depends on its success. */
static void offer_to_oom_killer(void)
{
    static const char score[] = "500";
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)!write(fd, score, sizeof(score) - 1);
    close(fd);
}

/* Becomes the worker program. This runs in the child between fork and exec, so it may only call
 * functions that are safe after a fork in a process with threads. */
static void become_worker(
    const char *path, const struct heritage *heritage, int nice_level, pid_t node)
{
    static char *const environment[] = {(char *)"LANG=C.UTF-8", NULL};
    char *const arguments[] = {(char *)"terrace-worker", NULL};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* If the node is killed, the kernel kills its workers. If the node has died already, that
     * signal will not come, so the child ends by itself. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != node)
        _exit(126);
    setpgid(0, 0);
    setpriority(PRIO_PROCESS, 0, nice_level);
    offer_to_oom_killer();
    move_into_place(heritage);
    execve(path, arguments, environment);
    dprintf(STDERR_FILENO, "%s can't be run: error %d\n", path, errno);
    _exit(127);
}

pid_t spawn_worker(const char *path, const struct heritage *heritage, int nice_level)
{
    pid_t node = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become_worker(path, heritage, nice_level, node);
    return pid < 0 ? -errno : pid;
}

bool spawn_error_is_temporary(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN;
}
