/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Describes why a unit of work failed. The code that knows the cause best fills it in;
 * worker_main.c reports it to the node. */
#ifndef TRANSCODER_WORKER_FAILURE_H
#define TRANSCODER_WORKER_FAILURE_H

#include "transcoder/protocol/reason.h"

struct failure {
    enum reason reason;
    char detail[256]; /* UTF-8; facts, not sentences */
};

/* Fills in failure and always returns -1, so that a caller can write `return failure_set(...)`.
 * Any thread. */
int failure_set(struct failure *failure, enum reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fills in failure from an error code of FFmpeg and returns -1. The reason is out of memory or a
 * full disk if the code says so, else `otherwise`. what: the thing that failed, for the detail.
 * Any thread. */
int failure_from_av(struct failure *failure, int error, enum reason otherwise, const char *what);

#endif
