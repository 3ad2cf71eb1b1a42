/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/protocol/reply.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_BYTES 4

/* Room for the header of one descriptor, aligned as the kernel expects. */
union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

int reply_send(int socket, int error, int fd)
{
    int unread = 0;
    if (ioctl(socket, SIOCOUTQ, &unread) < 0)
        return -errno;
    if (unread > 0)
        return -EBUSY;
    uint8_t bytes[REPLY_BYTES];
    for (int i = 0; i < REPLY_BYTES; i++)
        bytes[i] = (uint8_t)((unsigned)error >> (8 * i));
    struct iovec body = {bytes, sizeof(bytes)};
    struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1};
    union control control = {0};
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        *CMSG_FIRSTHDR(&message) = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &fd, sizeof(fd));
    }
    ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent == REPLY_BYTES ? 0 : sent < 0 ? -errno : -EPROTO;
}

static int find_descriptor(struct msghdr *message)
{
    int fd = -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    return fd;
}

int reply_receive(int socket, int *error, int *fd)
{
    uint8_t bytes[REPLY_BYTES];
    struct iovec body = {bytes, sizeof(bytes)};
    union control control = {0};
    struct msghdr message = {.msg_iov = &body,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control)};
    ssize_t got;
    do
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    *fd = got < 0 ? -1 : find_descriptor(&message);
    *error = 0;
    if (got != REPLY_BYTES) {
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
        return -1;
    }
    for (int i = 0; i < REPLY_BYTES; i++)
        *error |= bytes[i] << (8 * i);
    return 0;
}
