/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/worker/output.h"

#include <errno.h>
#include <libavutil/mem.h>
#include <libavutil/sha.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "transcoder/worker/write_all.h"

static int system_failure(struct failure *failure, const char *what, const struct job_file *file)
{
    enum reason reason = errno == ENOSPC || errno == EDQUOT ? REASON_DISK_FULL
                         : errno == EIO || errno == EROFS   ? REASON_DISK_ERROR
                                                            : REASON_INTERNAL;
    const char *why = strerror(errno);
    char path[JOB_PATH_BYTES] = "file";
    job_file_path(file, path, sizeof(path));
    return failure_set(failure, reason, "%s %s: %s", what, path, why);
}

/* Asks for a descriptor. Returns it, or -1 with failure set. */
static int ask(struct report *report, enum message_request request, const struct job_file *file,
    struct failure *failure)
{
    int fd;
    if (report_request(report, request, file, &fd, failure) < 0)
        return -1;
    return fd >= 0 ? fd : failure_set(failure, REASON_INTERNAL, "a reply without a descriptor");
}

int output_begin(struct report *report, const struct job_file *file, struct failure *failure)
{
    return ask(report, MESSAGE_REQUEST_CREATE, file, failure);
}

int output_read(struct report *report, const struct job_file *file, struct failure *failure)
{
    return ask(report, MESSAGE_REQUEST_READ, file, failure);
}

int output_keep(struct report *report, const struct job_file *file, int fd, struct failure *failure)
{
    if (fsync(fd) < 0)
        return system_failure(failure, "syncing", file);
    int none;
    int result = report_request(report, MESSAGE_REQUEST_KEEP, file, &none, failure);
    if (none >= 0)
        close(none);
    return result;
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

int output_write(struct report *report, const struct job_file *file, const uint8_t *bytes,
    size_t count, char *sha256, struct failure *failure)
{
    if (sha256 && sha256_hex(bytes, count, sha256, failure) < 0)
        return -1;
    int fd = output_begin(report, file, failure);
    if (fd < 0)
        return -1;
    int result = write_all(fd, bytes, count) < 0 ? system_failure(failure, "writing", file)
                                                 : output_keep(report, file, fd, failure);
    close(fd);
    return result;
}
