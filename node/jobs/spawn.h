/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts worker programs. Runs on the scheduler's thread. */
#ifndef NODE_JOBS_SPAWN_H
#define NODE_JOBS_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

/* The descriptors that a worker process inherits, besides 0 and 1 (/dev/null). All others are
 * closed before exec. */
struct heritage {
    int log;      /* becomes descriptor 2 */
    int text;     /* becomes JOB_FD_TEXT */
    int messages; /* becomes JOB_FD_MESSAGES */
    int source;   /* becomes JOB_FD_SOURCE */
};

/* The exit code of a child that ran out of descriptors before it became the worker program. */
#define SPAWN_SHORT 125

/* Starts the program at path with that heritage and no other descriptors. The caller still closes
 * its own descriptors. Returns the pid or a negative errno. A child that can't become the program
 * exits with SPAWN_SHORT, 126 or 127. */
pid_t spawn_worker(const char *path, const struct heritage *heritage, int nice_level);

/* Whether an errno says that the machine is short of something for now. */
bool spawn_error_is_temporary(int error);

#endif
