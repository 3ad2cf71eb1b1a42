/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress on standard output: one line that is redrawn on a terminal; in a pipe plain lines, every
 * 10 % and at most one a second. */
#ifndef NODE_CLI_PROGRESS_H
#define NODE_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_LABEL_BYTES 256

struct progress {
    bool terminal;
    bool shown;      /* a bar stands on the terminal's last line */
    int permille;    /* of the bar, or of the last line in the pipe */
    int64_t line_ms; /* when that line was printed, or its label begun; monotonic */
    char label[PROGRESS_LABEL_BYTES];
};

/* Starts with nothing shown. */
void progress_open(struct progress *progress);
/* Shows how far label is. A new label starts from 0. */
void progress_update(struct progress *progress, const char *label, int permille);
/* Clears the bar; whatever is printed next stands on a line of its own. */
void progress_clear(struct progress *progress);

#endif
