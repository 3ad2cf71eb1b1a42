/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Privileges of a process (capabilities(7)). A node that is run by root would otherwise give its
 * workers the privileges to load modules, to trace any process and to read any file. */
#ifndef TRANSCODER_WORKER_PRIVILEGES_H
#define TRANSCODER_WORKER_PRIVILEGES_H

/*
 * Gives up all capabilities, and every way to get one: programs with set-uid bits or file
 * capabilities (no_new_privs, the bounding set), and the privileges of the user root (securebits).
 * The last two need a capability themselves. Without it, as in some containers, they are left as
 * they are, and no_new_privs does the work.
 * Applies to the calling thread, and to threads that it starts later. This cannot be undone.
 * Returns 0; or -1 with errno set: the process still has a capability.
 */
int privileges_drop(void);

#endif
