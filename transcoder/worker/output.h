/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files below the output folder, made so that a power cut leaves either the whole file or none: a
 * temporary name, fsync, rename, fsync of the folder.
 */
#ifndef TRANSCODER_WORKER_OUTPUT_H
#define TRANSCODER_WORKER_OUTPUT_H
#include <stddef.h>
#include <stdint.h>

#include "transcoder/worker/failure.h"

/*
 * Writes bytes as path (at most one folder deep; the folder is made if needed) below dir_fd.
 * sha256: char[65], hex, may be NULL. 0, or -1 with failure set (disk full, internal); nothing but
 * a temporary file is left behind then. Any thread, for different paths.
 */
int output_write(int dir_fd, const char *path, const uint8_t *bytes, size_t count, char *sha256,
    struct failure *failure);

/* For a file that is written piece by piece: opens `path` under its temporary name. A descriptor,
 * or -1. */
int output_begin(int dir_fd, const char *path, struct failure *failure);
/* Syncs and renames it; closes fd in any case. 0 or -1. */
int output_commit(int dir_fd, const char *path, int fd, struct failure *failure);
/* Closes fd and removes the temporary file. */
void output_abort(int dir_fd, const char *path, int fd);

/* Writes all of it, through interruptions. 0, or -1 with errno set. Any thread. */
int output_write_all(int fd, const uint8_t *bytes, size_t count);

#endif
