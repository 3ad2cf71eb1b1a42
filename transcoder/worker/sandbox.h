/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sandbox that a worker enters before it opens untrusted media. Inside it the worker may
 * compute, and use the descriptors that it was given or that the node hands over.
 * The sandbox has layers, so that an attack through a broken decoder must get through several. Each
 * is there without the others:
 *   limits on memory, processor time, file size, descriptors, threads and priority;
 *   no privileges, and no way to get any (privileges.h);
 *   Landlock, which forbids files, TCP and signals (landlock.h);
 *   a list of allowed system calls, none of which takes a path (call_filter.h).
 */
#ifndef TRANSCODER_WORKER_SANDBOX_H
#define TRANSCODER_WORKER_SANDBOX_H

#include <stdint.h>

#include "transcoder/worker/failure.h"

struct sandbox_params {
    int64_t memory_bytes; /* limit of the address space; beyond it allocations fail */
    int64_t cpu_s;        /* processor seconds; after them the kernel sends SIGXCPU */
    int64_t file_bytes;   /* size of any file that is written; beyond it SIGXFSZ */
    int node_fd;          /* the socket from which the node's replies are read; -1: none */
};

/*
 * Enters the sandbox for the whole process, which must have no other threads yet. This cannot be
 * undone.
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

/* Enters only the first layer; for sandbox_enter(), and to test the layer alone. Returns 0, or -1
 * with failure set. */
int sandbox_enter_limits(const struct sandbox_params *params, struct failure *failure);

#endif
