/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/worker/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libavutil/mem.h>
#include <libavutil/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 256

static int system_failure(struct failure *failure, const char *what, const char *path)
{
    enum reason reason = errno == ENOSPC || errno == EDQUOT ? REASON_DISK_FULL : REASON_INTERNAL;
    return failure_set(failure, reason, "%s %s: %s", what, path, strerror(errno));
}

static int temporary_name(const char *path, char *out, struct failure *failure)
{
    /* The name contains the process number, because workers on different chunks of a rendition
     * may write its init segment at the same time. */
    int length = snprintf(out, PATH_BYTES, "%s.%d.tmp", path, (int)getpid());
    if (length < 0 || length >= PATH_BYTES)
        return failure_set(failure, REASON_INTERNAL, "path too long: %s", path);
    return 0;
}

/* Creates the folder of the path, if the path has one. */
static int make_folder(int dir_fd, const char *path, struct failure *failure)
{
    const char *slash = strchr(path, '/');
    if (!slash)
        return 0;
    char folder[PATH_BYTES];
    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    if (mkdirat(dir_fd, folder, 0755) == 0)
        return fsync(dir_fd) == 0 ? 0 : system_failure(failure, "syncing the folder of", path);
    return errno == EEXIST ? 0 : system_failure(failure, "making the folder of", path);
}

/* Syncs the folder of the path. A rename is on the disk only after this. */
static int sync_folder(int dir_fd, const char *path, struct failure *failure)
{
    const char *slash = strchr(path, '/');
    char folder[PATH_BYTES] = ".";
    if (slash)
        snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    int fd = openat(dir_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return system_failure(failure, "opening the folder of", path);
    int result = fsync(fd);
    close(fd);
    return result == 0 ? 0 : system_failure(failure, "syncing the folder of", path);
}

int output_begin(int dir_fd, const char *path, struct failure *failure)
{
    char temporary[PATH_BYTES];
    if (temporary_name(path, temporary, failure) < 0 || make_folder(dir_fd, path, failure) < 0)
        return -1;
    int fd = openat(dir_fd, temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return fd >= 0 ? fd : system_failure(failure, "creating", path);
}

int output_commit(int dir_fd, const char *path, int fd, struct failure *failure)
{
    char temporary[PATH_BYTES];
    if (temporary_name(path, temporary, failure) < 0 || fsync(fd) < 0) {
        system_failure(failure, "syncing", path);
        output_abort(dir_fd, path, fd);
        return -1;
    }
    close(fd);
    if (renameat(dir_fd, temporary, dir_fd, path) < 0)
        return system_failure(failure, "renaming", path);
    return sync_folder(dir_fd, path, failure);
}

void output_abort(int dir_fd, const char *path, int fd)
{
    char temporary[PATH_BYTES];
    struct failure ignored;
    close(fd);
    if (temporary_name(path, temporary, &ignored) == 0)
        unlinkat(dir_fd, temporary, 0);
}

int output_write_all(int fd, const uint8_t *bytes, size_t count)
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

static int sha256_hex(const uint8_t *bytes, size_t count, char *sha256, struct failure *failure)
{
    struct AVSHA *sha = av_sha_alloc();
    if (!sha || av_sha_init(sha, 256) < 0) {
        av_free(sha);
        return failure_set(failure, REASON_OUT_OF_MEMORY, "sha256");
    }
    av_sha_update(sha, bytes, count);
    uint8_t digest[32];
    av_sha_final(sha, digest);
    av_free(sha);
    for (int i = 0; i < 32; i++)
        snprintf(sha256 + 2 * (size_t)i, 3, "%02x", digest[i]);
    return 0;
}

int output_write(int dir_fd, const char *path, const uint8_t *bytes, size_t count, char *sha256,
    struct failure *failure)
{
    if (sha256 && sha256_hex(bytes, count, sha256, failure) < 0)
        return -1;
    int fd = output_begin(dir_fd, path, failure);
    if (fd < 0)
        return -1;
    if (output_write_all(fd, bytes, count) < 0) {
        system_failure(failure, "writing", path);
        output_abort(dir_fd, path, fd);
        return -1;
    }
    return output_commit(dir_fd, path, fd, failure);
}
