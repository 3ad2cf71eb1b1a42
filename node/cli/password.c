/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/password.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/* Reads one line from standard input, without its end. It reads byte by byte, so that later input
 * is left unread. */
static enum cli_exit read_line(char *out)
{
    size_t bytes = 0;
    for (;;) {
        char byte = 0;
        ssize_t got = read(STDIN_FILENO, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cli_fail("the password can't be read: %s", strerror(errno));
        if (got == 0 || byte == '\n')
            break;
        if (bytes == PASSWORD_BYTES - 1)
            return cli_fail("the password is longer than %d bytes", PASSWORD_BYTES - 1);
        out[bytes++] = byte;
    }
    if (bytes > 0 && out[bytes - 1] == '\r')
        bytes--;
    out[bytes] = '\0';
    if (strlen(out) != bytes)
        return cli_fail("the password has a NUL in it");
    return CLI_GO_ON;
}

/* Waits for a line. Returns false if a signal came first; the signal is delivered when it is
 * unblocked. */
static bool wait_for_line(int signal_fd)
{
    struct pollfd fds[] = {
        {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    return fds[1].revents == 0;
}

static enum cli_exit ask(const char *prompt, const char *user, int signal_fd, char *out)
{
    fprintf(stderr, "%s for %s: ", prompt, user);
    fflush(stderr);
    enum cli_exit result = wait_for_line(signal_fd) ? read_line(out) : cli_fail("interrupted");
    fputc('\n', stderr);
    return result;
}

static enum cli_exit ask_twice(const char *user, int signal_fd, char *out)
{
    char again[PASSWORD_BYTES];
    enum cli_exit result = ask("New password", user, signal_fd, out);
    if (result != CLI_GO_ON)
        return result;
    result = ask("The same again", user, signal_fd, again);
    if (result == CLI_GO_ON && strcmp(out, again) != 0)
        result = cli_fail("the two are not the same");
    explicit_bzero(again, sizeof(again));
    return result;
}

/* Signals are blocked while the terminal's echo is off. Otherwise a signal could end the program
 * and leave it off. */
static enum cli_exit ask_on_terminal(const char *user, char *out)
{
    sigset_t signals, before;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGQUIT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGTSTP);
    int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
    struct termios shown;
    if (signal_fd < 0 || tcgetattr(STDIN_FILENO, &shown) < 0)
        return cli_fail("the terminal can't be used: %s", strerror(errno));
    sigprocmask(SIG_BLOCK, &signals, &before);
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    enum cli_exit result = ask_twice(user, signal_fd, out);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    close(signal_fd);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return result;
}

enum cli_exit password_read(const char *user, char *out)
{
    out[0] = '\0';
    enum cli_exit result = isatty(STDIN_FILENO) ? ask_on_terminal(user, out) : read_line(out);
    if (result != CLI_GO_ON)
        explicit_bzero(out, PASSWORD_BYTES);
    return result;
}
