/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/jobs/output_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/store/store.h"

#define TEMPORARY_BYTES (JOB_PATH_BYTES + 32)

/* Whether a path has at most one folder and no part that is empty or begins with '.'. */
static bool stays_inside(const char *path)
{
    const char *slash = strchr(path, '/');
    if (path[0] == '\0' || path[0] == '.' || path[0] == '/' || strlen(path) >= JOB_PATH_BYTES)
        return false;
    return !slash || (slash[1] != '\0' && slash[1] != '.' && !strchr(slash + 1, '/'));
}

static void temporary_name(const struct output_folder *folder, const char *path, char *out)
{
    snprintf(out, TEMPORARY_BYTES, "%s.%d" STORE_TEMPORARY_SUFFIX, path, (int)folder->worker);
}

static int find_unfinished(const struct output_folder *folder, const char *path)
{
    for (int i = 0; i < folder->unfinished_count; i++)
        if (strcmp(folder->unfinished[i], path) == 0)
            return i;
    return -1;
}

/* Copies the folder of a path to out[JOB_PATH_BYTES]; "." if it has none. */
static void folder_of(const char *path, char *out)
{
    const char *slash = strchr(path, '/');
    if (slash)
        snprintf(out, JOB_PATH_BYTES, "%.*s", (int)(slash - path), path);
    else
        snprintf(out, JOB_PATH_BYTES, ".");
}

static int make_folder(int dir_fd, const char *path)
{
    char folder[JOB_PATH_BYTES];
    folder_of(path, folder);
    if (strcmp(folder, ".") == 0)
        return 0;
    if (mkdirat(dir_fd, folder, 0755) < 0)
        return errno == EEXIST ? 0 : -errno;
    return fsync(dir_fd) < 0 ? -errno : 0;
}

/* Syncs the folder of the path. A rename is on the disk only after this. */
static int sync_folder(int dir_fd, const char *path)
{
    char folder[JOB_PATH_BYTES];
    folder_of(path, folder);
    int fd = openat(dir_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int error = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return error;
}

int output_folder_create(struct output_folder *folder, const char *path)
{
    if (!stays_inside(path))
        return -EINVAL;
    bool known = find_unfinished(folder, path) >= 0;
    if (!known && folder->unfinished_count == OUTPUT_MAX_UNFINISHED)
        return -EBUSY;
    int error = make_folder(folder->fd, path);
    if (error < 0)
        return error;
    char temporary[TEMPORARY_BYTES];
    temporary_name(folder, path, temporary);
    int fd =
        openat(folder->fd, temporary, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    if (!known)
        snprintf(folder->unfinished[folder->unfinished_count++], JOB_PATH_BYTES, "%s", path);
    return fd;
}

static int64_t unfinished_bytes(const struct output_folder *folder, const char *path)
{
    char temporary[TEMPORARY_BYTES];
    struct stat status;
    temporary_name(folder, path, temporary);
    return fstatat(folder->fd, temporary, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_size : 0;
}

int64_t output_folder_bytes(const struct output_folder *folder)
{
    int64_t bytes = folder->kept_bytes;
    for (int i = 0; i < folder->unfinished_count; i++)
        bytes += unfinished_bytes(folder, folder->unfinished[i]);
    return bytes;
}

int output_folder_keep(struct output_folder *folder, const char *path)
{
    int number = find_unfinished(folder, path);
    if (number < 0)
        return -ENOENT;
    char temporary[TEMPORARY_BYTES];
    temporary_name(folder, path, temporary);
    folder->kept_bytes += unfinished_bytes(folder, path);
    if (renameat(folder->fd, temporary, folder->fd, path) < 0)
        return -errno;
    int last = --folder->unfinished_count;
    if (number != last)
        memcpy(folder->unfinished[number], folder->unfinished[last], JOB_PATH_BYTES);
    return sync_folder(folder->fd, path);
}

int output_folder_read(const struct output_folder *folder, const char *path)
{
    if (!stays_inside(path))
        return -EINVAL;
    int fd = openat(folder->fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void output_folder_close(struct output_folder *folder)
{
    if (folder->fd < 0)
        return;
    for (int i = 0; i < folder->unfinished_count; i++) {
        char temporary[TEMPORARY_BYTES];
        temporary_name(folder, folder->unfinished[i], temporary);
        unlinkat(folder->fd, temporary, 0);
    }
    close(folder->fd);
    *folder = (struct output_folder){.fd = -1};
}
