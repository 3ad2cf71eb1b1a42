/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes files below the output folder. After a power cut either the whole file exists or none.
 * Each file is written under a temporary name and synced, then renamed, and then the folder is
 * synced. */
#ifndef TRANSCODER_WORKER_OUTPUT_H
#define TRANSCODER_WORKER_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "transcoder/worker/failure.h"

/*
 * Writes bytes to the file `path` below dir_fd. The path has at most one folder, which is created
 * if needed.
 * sha256: receives 64 hex digits and a NUL; may be NULL.
 * Returns 0, or -1 with failure set.
 * Any thread, for different paths.
 */
int output_write(int dir_fd, const char *path, const uint8_t *bytes, size_t count, char *sha256,
    struct failure *failure);

/*
 * Opens the file `path` under its temporary name, for a file that is written in several steps.
 * Returns a descriptor, or -1 with failure set.
 */
int output_begin(int dir_fd, const char *path, struct failure *failure);
/* Syncs the file and gives it its final name. Closes fd in any case. Returns 0, or -1 with
 * failure set. */
int output_commit(int dir_fd, const char *path, int fd, struct failure *failure);
/* Closes fd and removes the temporary file. */
void output_abort(int dir_fd, const char *path, int fd);

/* Writes all bytes, and goes on after interruptions. Returns 0, or -1 with errno set. Any
 * thread. */
int output_write_all(int fd, const uint8_t *bytes, size_t count);

#endif
