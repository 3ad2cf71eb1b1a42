/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/worker/report.h"

#include <errno.h>
#include <libavutil/time.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/protocol/reply.h"
#include "transcoder/worker/write_all.h"

#define PROGRESS_INTERVAL_US 500000
/* The size of a reserve that is freed if memory runs out, so that the worker can still send its
 * last message. */
#define RESERVE_BYTES (512 * 1024)

struct report {
    int fd;
    pthread_mutex_t mutex;   /* for one message at a time */
    pthread_mutex_t request; /* for one request at a time, until its reply is read */
    int64_t progress_at_us;
    void *reserve;
};

int report_open(struct report **out, int fd)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return -1;
    (*out)->fd = fd;
    (*out)->reserve = malloc(RESERVE_BYTES);
    pthread_mutex_init(&(*out)->mutex, NULL);
    pthread_mutex_init(&(*out)->request, NULL);
    return 0;
}

void report_close(struct report **report)
{
    if (!*report)
        return;
    pthread_mutex_destroy(&(*report)->mutex);
    pthread_mutex_destroy(&(*report)->request);
    free((*report)->reserve);
    free(*report);
    *report = NULL;
}

static int encode(
    struct report *report, const struct message *message, uint8_t **bytes, size_t *count)
{
    if (message_encode(message, bytes, count) == 0)
        return 0;
    pthread_mutex_lock(&report->mutex);
    free(report->reserve);
    report->reserve = NULL;
    pthread_mutex_unlock(&report->mutex);
    return message_encode(message, bytes, count);
}

int report_send(struct report *report, const struct message *message, struct failure *failure)
{
    uint8_t *bytes;
    size_t count;
    if (encode(report, message, &bytes, &count) < 0)
        return failure_set(
            failure, REASON_INTERNAL, "message of type %d can't be encoded", (int)message->type);
    pthread_mutex_lock(&report->mutex);
    int result = write_all(report->fd, bytes, count);
    int error = errno;
    pthread_mutex_unlock(&report->mutex);
    free(bytes);
    return result == 0
               ? 0
               : failure_set(failure, REASON_INTERNAL, "the node is gone: %s", strerror(error));
}

int report_progress(struct report *report, int permille, struct failure *failure)
{
    int64_t now_us = av_gettime_relative();
    pthread_mutex_lock(&report->mutex);
    bool due = now_us - report->progress_at_us >= PROGRESS_INTERVAL_US;
    if (due)
        report->progress_at_us = now_us;
    pthread_mutex_unlock(&report->mutex);
    if (!due)
        return 0;
    struct message message = {.type = MESSAGE_PROGRESS,
        .permille = permille < 0      ? 0
                    : permille > 1000 ? 1000
                                      : permille};
    return report_send(report, &message, failure);
}

int report_request(struct report *report, enum message_request request, const struct job_file *file,
    int *fd, struct failure *failure)
{
    struct message message = {.type = MESSAGE_FILE, .request = request, .file = *file};
    int error = 0;
    *fd = -1;
    pthread_mutex_lock(&report->request);
    int result = report_send(report, &message, failure);
    if (result == 0 && reply_receive(report->fd, &error, fd) < 0)
        result = failure_set(failure, REASON_INTERNAL, "no reply from the node");
    pthread_mutex_unlock(&report->request);
    if (result < 0 || error == 0)
        return result;
    char path[JOB_PATH_BYTES] = "file";
    job_file_path(file, path, sizeof(path));
    return failure_set(failure,
        error == ENOSPC || error == EDQUOT ? REASON_DISK_FULL : REASON_INTERNAL, "%s: %s", path,
        strerror(error));
}
