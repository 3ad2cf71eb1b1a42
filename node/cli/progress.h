/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress on standard output. On a terminal it is one line that is redrawn; in a pipe, whole lines
 * every 10 %, at most one each second. */
#ifndef NODE_CLI_PROGRESS_H
#define NODE_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_LABEL_BYTES 256

struct progress {
    bool terminal;
    bool shown;      /* the last line of the terminal shows a bar */
    int permille;    /* shown by the bar, or by the last line in the pipe; -1: a new label, nothing
                      * shown yet */
    int64_t line_ms; /* when that line was printed, or when its label began; monotonic */
    char label[PROGRESS_LABEL_BYTES];
};

/* Starts with nothing shown. */
void progress_open(struct progress *progress);
/* Shows the progress of a label. With a new label, the progress may begin at 0 again. */
void progress_update(struct progress *progress, const char *label, int permille);
/* Clears the bar, so that the next text gets a line of its own. */
void progress_clear(struct progress *progress);

#endif
