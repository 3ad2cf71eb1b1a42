/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes and reads the files of the job. The node makes, names and opens them. After a power cut
 * either the whole file exists or none: a file is written under a temporary name and synced, then
 * the node renames it and syncs its folder. */
#ifndef TRANSCODER_WORKER_OUTPUT_H
#define TRANSCODER_WORKER_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "transcoder/worker/report.h"

/*
 * Writes bytes to a file and gives it its name.
 * sha256: receives 64 hex digits and a NUL; may be NULL.
 * Returns 0, or -1 with failure set.
 * Any thread, for different files.
 */
int output_write(struct report *report, const struct job_file *file, const uint8_t *bytes,
    size_t count, char *sha256, struct failure *failure);

/* Makes a file under a temporary name, to be written in several steps. The node removes it when the
 * worker ends, unless it is kept. Returns a descriptor, which the caller closes, or -1 with failure
 * set. */
int output_begin(struct report *report, const struct job_file *file, struct failure *failure);
/* Syncs the file and gives it its name. fd stays open. Returns 0, or -1 with failure set. */
int output_keep(
    struct report *report, const struct job_file *file, int fd, struct failure *failure);

/* Opens a finished file. Returns a descriptor, which the caller closes, or -1 with failure set. */
int output_read(struct report *report, const struct job_file *file, struct failure *failure);

#endif
