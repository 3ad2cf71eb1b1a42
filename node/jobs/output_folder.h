/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The folder that receives the files of one worker. The worker has no access to it: it gets the
 * descriptors of the files. After a power cut either the whole file exists or none: a file is
 * written under a temporary name and synced by the worker, then renamed, and then the folder is
 * synced.
 * Paths are relative to the folder and have at most one folder themselves. One thread at a time.
 */
#ifndef NODE_JOBS_OUTPUT_FOLDER_H
#define NODE_JOBS_OUTPUT_FOLDER_H

#include <stdint.h>
#include <sys/types.h>

#include "transcoder/protocol/job.h"

/* The most files that a worker may have begun and not finished. */
#define OUTPUT_MAX_UNFINISHED 64

/* Begins as {.fd = -1}. */
struct output_folder {
    int fd; /* the folder; -1: none */
    /* The worker. Its number is part of temporary names, because workers on different chunks of a
     * rendition may write its init segment at the same time. */
    pid_t worker;
    char unfinished[OUTPUT_MAX_UNFINISHED][JOB_PATH_BYTES];
    int unfinished_count;
    int64_t kept_bytes; /* of the files that were finished */
};

/* Removes the files that are not finished, and closes the folder. fd becomes -1, and may be -1. */
void output_folder_close(struct output_folder *folder);

/* Makes a file under its temporary name, and its folder. Returns a descriptor to read and write it,
 * which the caller closes; or a negative errno: -EINVAL if the path could lead out of the folder,
 * -EBUSY if too many files are unfinished. */
int output_folder_create(struct output_folder *folder, const char *path);
/* Gives a file that was made before, and that the worker has synced, its final name, and syncs its
 * folder. Returns 0 or a negative errno: -ENOENT if the worker has not made it. */
int output_folder_keep(struct output_folder *folder, const char *path);
/* How many bytes the worker has written, in finished and unfinished files. */
int64_t output_folder_bytes(const struct output_folder *folder);
/* Opens a finished file for reading. Returns a descriptor, which the caller closes, or a negative
 * errno. */
int output_folder_read(const struct output_folder *folder, const char *path);

#endif
