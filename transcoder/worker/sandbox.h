/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sandbox that a worker enters before it opens untrusted media. Inside it the worker may
 * compute, read the descriptors that it was given, and write below the output folder.
 * The sandbox has layers, so that an attack through a broken decoder must get through several:
 *   limits on memory, processor time, file size and descriptors;
 *   no new privileges;
 *   Landlock for files;
 *   a system call filter that forbids sockets, programs, tracing, other processes, and files
 *     elsewhere.
 */
#ifndef TRANSCODER_WORKER_SANDBOX_H
#define TRANSCODER_WORKER_SANDBOX_H

#include <stdint.h>

#include "transcoder/worker/failure.h"

struct sandbox_params {
    int64_t memory_bytes; /* limit of the address space; beyond it allocations fail */
    int64_t cpu_s;        /* processor seconds; after them the kernel sends SIGXCPU */
    int64_t file_bytes;   /* size of any file that is written; beyond it SIGXFSZ */
    int output_fd;        /* the only folder below which files may be opened; -1: none */
};

/*
 * Enters the sandbox for the whole process. This cannot be undone.
 * Forbidden calls either end the process with SIGSYS, such as sockets, programs and tracing, or
 * fail with EPERM, EACCES or ENOSYS.
 * Builds with a sanitizer leave out the memory limit and the rules that the sanitizer itself would
 * break.
 * landlock_version: receives the version in force, 0 if the kernel has no Landlock, in which case
 * that layer is missing; may be NULL.
 * Returns 0; or -1 with failure set, and then the worker must not continue.
 */
int sandbox_enter(
    const struct sandbox_params *params, int *landlock_version, struct failure *failure);

#endif
