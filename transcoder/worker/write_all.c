/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/worker/write_all.h"

#include <errno.h>
#include <unistd.h>

int write_all(int fd, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        bytes += written;
        count -= (size_t)written;
    }
    return 0;
}
