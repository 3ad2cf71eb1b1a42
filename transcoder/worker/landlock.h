/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Landlock (landlock(7)) lets a process set rules about the files that it may use from then on. The
 * rules apply to the file that a path leads to, not to the text of the path. So "..", absolute
 * paths and links do not get around them.
 * The headers of Debian 12 know only the first two versions of Landlock; landlock.c defines what
 * later versions add.
 */
#ifndef TRANSCODER_WORKER_LANDLOCK_H
#define TRANSCODER_WORKER_LANDLOCK_H

#include <stdbool.h>

/* Returns the version of Landlock in the kernel; 0: the kernel has none, or it is turned off. */
int landlock_version(void);

/*
 * Enters Landlock for the whole process. This cannot be undone, and it needs no_new_privs.
 * No file can be opened, created, renamed or removed; descriptors that are open stay as they are.
 * With reading, files may be opened for reading. TCP, signals to other processes and abstract
 * sockets of other processes are forbidden, as far as the version of the kernel can forbid them.
 * Returns the version in force; 0: the kernel has no Landlock; -1: Landlock could not be entered,
 * and errno is set.
 */
int landlock_enter(bool reading);

#endif
