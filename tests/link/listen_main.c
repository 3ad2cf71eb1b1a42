/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *   link-listen ALGORITHM ADDRESS PORT COMMAND [ARGUMENT...]
 *
 * Runs a server on a listening socket that it inherits. The variable NGINX gives nginx the socket's
 * descriptor. The connections of the socket use the given congestion control, whatever the system's
 * default is.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024

static int fail(const char *what)
{
    perror(what);
    return 1;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    char variable[16];
    int yes = 1, fd;
    if (argc < 5 || inet_pton(AF_INET, argv[2], &address.sin_addr) != 1) {
        fputs("usage: link-listen ALGORITHM ADDRESS PORT COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    address.sin_port = htons((uint16_t)strtol(argv[3], NULL, 10));
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, argv[1], (socklen_t)strlen(argv[1])) < 0)
        return fail(argv[1]);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0)
        return fail(argv[2]);
    snprintf(variable, sizeof(variable), "%d;", fd);
    setenv("NGINX", variable, 1);
    execvp(argv[4], argv + 4);
    return fail(argv[4]);
}
