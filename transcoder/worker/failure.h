/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What went wrong with a piece of work, for people: filled in where it is known best, reported by
 * worker_main. */
#ifndef TRANSCODER_WORKER_FAILURE_H
#define TRANSCODER_WORKER_FAILURE_H
#include "transcoder/protocol/reason.h"

struct failure {
    enum reason reason;
    char detail[256]; /* UTF-8 facts, not sentences */
};

/* Fills failure and returns -1, so that callers can `return failure_set(...)`. Any thread. */
int failure_set(struct failure *failure, enum reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same from an FFmpeg error code, which also decides between `otherwise` and out of memory or a
 * full disk. */
int failure_from_av(struct failure *failure, int error, enum reason otherwise, const char *what);

#endif
