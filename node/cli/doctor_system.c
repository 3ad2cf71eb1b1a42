/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/cli/doctor.h"
#include "node/cli/text.h"
#include "node/http/transport/tcp.h"
#include "node/jobs/scheduler.h"

#define WORKER_TIMEOUT_MS 10000
#define LINE_BYTES 128

/* Whether the data folder can be written. After an error the kernel may have made the disk
 * read-only. A full disk is told elsewhere. */
static bool check_writing(struct doctor *doctor)
{
    int error = store_try_to_write(doctor->store);
    if (error == 0 || error == -ENOSPC || error == -EDQUOT)
        return true;
    doctor_say(doctor, DOCTOR_BAD, "disk: the data folder can't be written: %s", strerror(-error));
    return false;
}

static void check_disk(struct doctor *doctor)
{
    if (!check_writing(doctor))
        return;
    char size[TEXT_SHORT_BYTES];
    int64_t free_bytes = store_free_bytes(doctor->store);
    if (free_bytes < 0)
        doctor_say(doctor, DOCTOR_BAD, "disk: the free space can't be told: %s",
            strerror((int)-free_bytes));
    else if (free_bytes == 0)
        doctor_say(doctor, DOCTOR_WARN, "disk: full; nothing more can be put in");
    else if (free_bytes < STORE_WORK_ROOM_BYTES)
        doctor_say(doctor, DOCTOR_WARN,
            "disk: %s may still be used; transcoding waits until there is more",
            text_size(free_bytes, size));
    else
        doctor_say(doctor, DOCTOR_OK, "disk: %s may still be used", text_size(free_bytes, size));
}

/* ---- kernel ---- */

/* Returns 0 if connections of this user can get BBR; else a negative errno: -ENOENT the kernel has
 * no BBR, -EPERM this user may not use it. */
static int try_bbr(void)
{
    static const char name[] = "bbr";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int result =
        setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, sizeof(name) - 1) == 0 ? 0 : -errno;
    close(fd);
    return result;
}

/* Whether TCP uses slow start again after each pause, for example between two segments. This
 * setting does not affect BBR. */
static bool starts_slow_again(void)
{
    FILE *file = fopen("/proc/sys/net/ipv4/tcp_slow_start_after_idle", "re");
    if (!file)
        return false;
    int set = fgetc(file);
    fclose(file);
    return set == '1';
}

/* Whether the kernel tries often enough to reach a peer whose link is down. */
static bool bounds_retries(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool can = fd >= 0 && tcp_bound_retries(fd);
    if (fd >= 0)
        close(fd);
    return can;
}

static void check_kernel(struct doctor *doctor)
{
    if (bounds_retries())
        doctor_say(doctor, DOCTOR_OK, "kernel: transfers go on within 4 s after an outage");
    else
        doctor_say(doctor, DOCTOR_OK,
            "kernel: older than Linux 6.15: after a long outage, transfers go on within some 8 s");
    int result = try_bbr();
    if (result == 0) {
        doctor_say(doctor, DOCTOR_OK, "kernel: BBR for slow and lossy links");
        return;
    }
    if (result == -EPERM)
        doctor_say(doctor, DOCTOR_WARN,
            "kernel: BBR is not allowed to this user: lossy links are slower than they could be "
            "(add bbr to net.ipv4.tcp_allowed_congestion_control)");
    else
        doctor_say(doctor, DOCTOR_WARN,
            "kernel: no BBR: lossy links are slower than they could be (`modprobe tcp_bbr`, and a "
            "line in /etc/modules-load.d)");
    if (starts_slow_again())
        doctor_say(doctor, DOCTOR_WARN,
            "kernel: without BBR each segment begins slowly (`sysctl "
            "net.ipv4.tcp_slow_start_after_idle=0`)");
}

/* ---- the worker ---- */

/* Reads the first line from fd into out[LINE_BYTES], which may cut it. Returns false if nothing was
 * printed, or if the program was silent for WORKER_TIMEOUT_MS before the line ended. */
static bool read_first_line(int fd, char *out)
{
    size_t bytes = 0;
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};
    while (bytes < LINE_BYTES - 1 && memchr(out, '\n', bytes) == NULL) {
        if (poll(&pollfd, 1, WORKER_TIMEOUT_MS) <= 0)
            return false;
        ssize_t got = read(fd, out + bytes, LINE_BYTES - 1 - bytes);
        if (got <= 0)
            break;
        bytes += (size_t)got;
    }
    out[bytes] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return bytes > 0;
}

/* Runs `path question` with write_fd as its standard output. Returns 0 or a negative errno. */
static int spawn_question(const char *path, const char *question, int write_fd, pid_t *pid)
{
    char program[] = "terrace-worker", option[32];
    snprintf(option, sizeof(option), "%s", question);
    char *argv[] = {program, option, NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -ENOMEM;
    int error = posix_spawn_file_actions_adddup2(&actions, write_fd, STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn(pid, path, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

/* Asks the worker program. Returns 0 with the first line that it printed, or a negative errno:
 * -EPROTO if it gave no answer in time or failed. */
static int ask_worker(const char *path, const char *question, char *out)
{
    int fds[2];
    pid_t pid = 0;
    int status = 0;
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    int error = spawn_question(path, question, fds[1], &pid);
    close(fds[1]);
    if (error == 0) {
        bool answered = read_first_line(fds[0], out);
        if (!answered)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        error = answered && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPROTO;
    }
    close(fds[0]);
    return error;
}

/* Reports which protections the sandbox has on this kernel. To find out, it runs the worker, which
 * enters its sandbox and prints them. */
static void check_sandbox(struct doctor *doctor, const char *path)
{
    char line[LINE_BYTES];
    int limits = 0, no_new_privs = 0, seccomp = 0, landlock = 0;
    if (ask_worker(path, "--sandbox", line) < 0 ||
        sscanf(line, "limits %d no_new_privs %d seccomp %d landlock %d", &limits, &no_new_privs,
            &seccomp, &landlock) != 4 ||
        !limits || !no_new_privs || !seccomp) {
        doctor_say(doctor, DOCTOR_BAD,
            "sandbox: workers can't be locked in on this kernel (it must have seccomp filters), so "
            "nothing is transcoded");
        return;
    }
    doctor_say(doctor, DOCTOR_OK,
        "sandbox: limits of memory, processor time, files, threads; no privileges; seccomp filter");
    if (landlock > 0)
        doctor_say(doctor, DOCTOR_OK, "sandbox: Landlock version %d%s", landlock,
            landlock < 3   ? ", without its rules for cutting files short and for the network"
            : landlock < 4 ? ", without its rules for the network"
                           : "");
    else
        doctor_say(doctor, DOCTOR_WARN,
            "sandbox: no Landlock in this kernel: files are guarded by the seccomp filter alone "
            "(Linux 5.13 or later, with `landlock` among its security modules)");
}

static void check_worker(struct doctor *doctor)
{
    char path[STORE_PATH_BYTES], version[LINE_BYTES];
    if (scheduler_find_worker(path, sizeof(path)) < 0) {
        doctor_say(doctor, DOCTOR_BAD,
            "worker: terrace-worker is neither beside terrace nor in ../libexec/terrace (or set "
            "TERRACE_WORKER)");
        return;
    }
    int error = ask_worker(path, "--version", version);
    if (error == -EPROTO)
        doctor_say(doctor, DOCTOR_BAD, "worker: %s does not run", path);
    else if (error < 0)
        doctor_say(doctor, DOCTOR_BAD, "worker: %s can't be started: %s", path, strerror(-error));
    else
        doctor_say(doctor, DOCTOR_OK, "worker: %s", version);
    if (error == 0)
        check_sandbox(doctor, path);
}

void doctor_check_system(struct doctor *doctor)
{
    check_disk(doctor);
    check_kernel(doctor);
    check_worker(doctor);
}
