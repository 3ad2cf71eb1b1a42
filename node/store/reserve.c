/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reserve: a file without content that occupies some space. The floor keeps our own media from
 * filling the disk, but other programs may fill it. Then nobody could log in or remove a lesson,
 * because both write to the catalog. So the reserve is deleted to give the catalog its space. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "node/store/store.h"
#include "node/store/store_internal.h"

#define MIB (1024LL * 1024)
#define RESERVE_BYTES (8 * MIB)
/* The reserve is deleted if less than SCARCE_BYTES are free on the disk. It is made if at least
 * PLENTY_BYTES are free above the floor. */
#define SCARCE_BYTES (1 * MIB)
#define PLENTY_BYTES (64 * MIB)

static bool reserve_path(const struct store *store, char *path)
{
    return snprintf(path, STORE_PATH_BYTES, "%s/reserve", store_path(store)) < STORE_PATH_BYTES;
}

void store_free_reserve(const struct store *store)
{
    struct statvfs disk;
    char path[STORE_PATH_BYTES];
    if (reserve_path(store, path) && statvfs(store_path(store), &disk) == 0 &&
        (int64_t)disk.f_bavail * (int64_t)disk.f_frsize < SCARCE_BYTES)
        unlink(path);
}

void store_tick_reserve(const struct store *store)
{
    char path[STORE_PATH_BYTES];
    struct stat status;
    store_free_reserve(store);
    if (!reserve_path(store, path) || store_free_bytes(store) < PLENTY_BYTES ||
        (lstat(path, &status) == 0 && status.st_size >= RESERVE_BYTES))
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    /* If the reserve can't be made, the node works without it. */
    if (fd >= 0 && posix_fallocate(fd, 0, RESERVE_BYTES) != 0)
        unlink(path);
    if (fd >= 0)
        close(fd);
}
