/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *   link PROFILE COMMAND [ARGUMENT...]
 *
 * Runs a command in the village, which is a network namespace. Its only way out is an emulated link
 * to the county, which is another namespace. The county has the address 10.77.0.1, and the village
 * has 10.77.0.2 to 10.77.0.33. The command finds in its environment
 *   LINK_COUNTY    what to put before a command so that it runs in the county (a server)
 *   LINK_SERVER    10.77.0.1
 * SIGUSR1 begins an outage: all packets are dropped. SIGUSR2 ends it.
 * The link ends with the command, and this program exits with the command's status. It exits with
 * 77 if this machine has no TUN device or does not let us use it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/link/link.h"

#define EXIT_SKIP 77
#define MTU_BYTES 1500
#define QUEUE_PACKETS 2000 /* of the device; it is long, so that only our queue drops packets */
#define VILLAGE_ADDRESSES 32
#define COUNTY "10.77.0.1"

static _Noreturn void skip(const char *what)
{
    fprintf(stderr, "link: skipped: %s: %s\n", what, strerror(errno));
    exit(EXIT_SKIP);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- devices ---- */

static void set_address(struct ifreq *request, const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    inet_pton(AF_INET, text, &address.sin_addr);
    memcpy(&request->ifr_addr, &address, sizeof(address));
}

static void set_up(int control, const char *name)
{
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(control, SIOCSIFFLAGS, &request) < 0)
        skip("interface up");
}

static void add_address(int control, const char *name, const char *text)
{
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    set_address(&request, text);
    if (ioctl(control, SIOCSIFADDR, &request) < 0)
        skip(text);
    set_address(&request, "255.255.255.0");
    if (ioctl(control, SIOCSIFNETMASK, &request) < 0)
        skip(text);
}

static int open_tun(void)
{
    struct ifreq request = {.ifr_name = "link0", .ifr_flags = IFF_TUN | IFF_NO_PI};
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tun < 0)
        skip("/dev/net/tun");
    if (ioctl(tun, TUNSETIFF, &request) < 0)
        skip("TUN device");
    return tun;
}

/* Enters a new network namespace. Gives it a device with count addresses, from 10.77.0.FIRST on.
 * Returns the device's descriptor. */
static int enter_namespace(int first, int count)
{
    char name[IFNAMSIZ], address[INET_ADDRSTRLEN];
    struct ifreq request = {.ifr_name = "link0"};
    int control, tun;
    if (unshare(CLONE_NEWNET) < 0)
        skip("network namespace");
    control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    tun = open_tun();
    set_up(control, "lo");
    request.ifr_mtu = MTU_BYTES;
    ioctl(control, SIOCSIFMTU, &request);
    request.ifr_qlen = QUEUE_PACKETS;
    ioctl(control, SIOCSIFTXQLEN, &request);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof(name), i ? "link0:%d" : "link0", i);
        snprintf(address, sizeof(address), "10.77.0.%d", (first + i) % 256);
        add_address(control, name, address);
    }
    set_up(control, "link0");
    close(control);
    return tun;
}

/* ---- the village ---- */

static void send_fd(int to, int fd)
{
    char byte = 0, space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    if (sendmsg(to, &message, 0) < 0)
        exit(EXIT_SKIP);
}

static int receive_fd(int from)
{
    char byte, space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
    int fd = -1;
    if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) > 0 && CMSG_FIRSTHDR(&message))
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
    return fd;
}

static _Noreturn void run_village(int to_county, pid_t county, char **command)
{
    char prefix[64];
    sigset_t none;
    int tun = enter_namespace(2, VILLAGE_ADDRESSES);
    send_fd(to_county, tun);
    close(tun);
    close(to_county);
    snprintf(prefix, sizeof(prefix), "nsenter --net=/proc/%d/ns/net --", (int)county);
    setenv("LINK_COUNTY", prefix, 1);
    setenv("LINK_SERVER", COUNTY, 1);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(command[0], command);
    fprintf(stderr, "link: %s: %s\n", command[0], strerror(errno));
    exit(127);
}

/* ---- the link ---- */

struct end {
    int tun;
    struct link link; /* for the packets that leave this end */
};

static void take(struct end *end)
{
    uint8_t packet[MTU_BYTES + 64];
    ssize_t bytes;
    while ((bytes = read(end->tun, packet, sizeof(packet))) > 0)
        link_send(&end->link, packet, (size_t)bytes, now_us());
}

static void deliver(struct end *from, const struct end *to)
{
    struct link_packet *packet;
    while ((packet = link_receive(&from->link, now_us()))) {
        /* A full device drops the packet, as it would on a real link. That is no error. */
        if (write(to->tun, packet->data, packet->bytes) < 0 && errno != EAGAIN && errno != EINVAL)
            perror("link: write");
        free(packet);
    }
}

static void wait_for(struct end ends[2], int signals)
{
    struct pollfd fds[] = {
        {ends[0].tun, POLLIN, 0}, {ends[1].tun, POLLIN, 0}, {signals, POLLIN, 0}};
    int64_t next_us = link_next_us(&ends[0].link), other_us = link_next_us(&ends[1].link);
    if (other_us < next_us)
        next_us = other_us;
    int64_t wait_us = next_us == INT64_MAX ? 1000000 : next_us - now_us();
    if (wait_us < 0)
        wait_us = 0;
    struct timespec timeout = (struct timespec){wait_us / 1000000, wait_us % 1000000 * 1000};
    ppoll(fds, 3, &timeout, NULL);
}

static void handle_signal(struct end ends[2], int number, pid_t child)
{
    if (number == SIGUSR1 || number == SIGUSR2)
        ends[0].link.fails = ends[1].link.fails = number == SIGUSR1;
    else if (number != SIGCHLD)
        kill(child, number);
}

/* Runs the link until the child has ended. SIGINT and SIGTERM are passed on to the child. Returns
 * the child's exit status, or 128 and the number of the signal that ended it. */
static int run(struct end ends[2], int signals, pid_t child)
{
    struct signalfd_siginfo got;
    int status;
    for (;;) {
        wait_for(ends, signals);
        take(&ends[0]);
        take(&ends[1]);
        deliver(&ends[0], &ends[1]);
        deliver(&ends[1], &ends[0]);
        if (read(signals, &got, sizeof(got)) == sizeof(got))
            handle_signal(ends, (int)got.ssi_signo, child);
        if (waitpid(child, &status, WNOHANG) == child)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}

static void report(const char *direction, const struct link_counts *counts)
{
    fprintf(stderr,
        "link: %s: %" PRIu64 " packets, %" PRIu64 " bytes; %" PRIu64 " lost, %" PRIu64
        " overflowed, %" PRIu64 " cut\n",
        direction, counts->packets, counts->bytes, counts->lost, counts->overflowed, counts->cut);
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int usage(void)
{
    fputs("usage: link PROFILE COMMAND [ARGUMENT...]; profiles:", stderr);
    for (size_t i = 0; link_profile_name(i); i++)
        fprintf(stderr, " %s", link_profile_name(i));
    fputc('\n', stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct link_profile down, up;
    struct end ends[2]; /* county, village */
    int pair[2], signals, status;
    if (argc < 3 || !link_profile_find(argv[1], &down, &up))
        return usage();
    signals = open_signals();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        skip("socketpair");
    ends[0].tun = enter_namespace(1, 1);
    pid_t child = fork();
    if (child < 0)
        skip("fork");
    if (child == 0)
        run_village(pair[1], getppid(), argv + 2);
    close(pair[1]);
    ends[1].tun = receive_fd(pair[0]);
    if (ends[1].tun < 0) {
        waitpid(child, &status, 0);
        return EXIT_SKIP;
    }
    link_open(&ends[0].link, &down, now_us(), 1);
    link_open(&ends[1].link, &up, now_us(), 2);
    status = run(ends, signals, child);
    report("down", &ends[0].link.counts);
    report("up", &ends[1].link.counts);
    link_close(&ends[0].link);
    link_close(&ends[1].link);
    return status;
}
