/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The system calls that a worker may make (seccomp(2)). It is a list of what is allowed: work on
 * memory, time and threads, and on descriptors that are open already. No call on it takes a path,
 * and none makes a descriptor but recvmsg(), with which the node hands over files.
 *
 * Calls that only an attacker makes end the process with SIGSYS. All others fail: with ENOSYS, for
 * which libraries have fallbacks, because older kernels lack newer calls in the same way; or with
 * EPERM where libraries expect to be refused.
 */
#ifndef TRANSCODER_WORKER_CALL_FILTER_H
#define TRANSCODER_WORKER_CALL_FILTER_H

/*
 * Enters the filter for the calling thread and the threads that it starts later. This cannot be
 * undone, and it needs no_new_privs.
 * node_fd: the only descriptor from which messages may be received; -1: none.
 * Builds with a sanitizer allow what the sanitizer needs, such as reading files.
 * Returns 0 or a negative errno.
 */
int call_filter_enter(int node_fd);

#endif
