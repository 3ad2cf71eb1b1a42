/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a worker may still do once it opens untrusted media: compute, read the descriptors that it
 * was given, and write below the output folder. In layers, each of which would do on its own
 * against most of what a broken decoder could be made to try: limits on memory, processor time,
 * file size and descriptors; no new privileges; Landlock for files; a system call filter without
 * sockets, programs, tracing, other processes, or files elsewhere.
 */
#ifndef TRANSCODER_WORKER_SANDBOX_H
#define TRANSCODER_WORKER_SANDBOX_H
#include <stdint.h>

#include "transcoder/worker/failure.h"

struct sandbox_params {
    int64_t memory_bytes; /* address space; then allocations fail */
    int64_t cpu_s;        /* processor seconds; then SIGXCPU */
    int64_t file_bytes;   /* of any file written; then SIGXFSZ */
    int output_fd;        /* the only folder below which files may be opened; -1: none */
};

/*
 * Enters it, for the whole process and for good. What the rules forbid ends the process with SIGSYS
 * (sockets, programs, tracing), or fails with EPERM or EACCES. In builds with a sanitizer the
 * memory limit and the rules that the sanitizer itself can't live with are left out. A kernel
 * without Landlock leaves that layer out; *landlock_version (may be NULL) is then 0. 0, or -1:
 * failure set; the worker must not go on.
 */
int sandbox_enter(
    const struct sandbox_params *params, int *landlock_version, struct failure *failure);

#endif
