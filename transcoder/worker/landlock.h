/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Landlock (landlock(7)): the kernel's own rules about which files a process may touch, by what a
 * path leads to and not by how it is written; so "..", absolute paths and links don't get around
 * them. Debian 12's headers know its first two versions; what later ones add is named here.
 */
#ifndef TRANSCODER_WORKER_LANDLOCK_H
#define TRANSCODER_WORKER_LANDLOCK_H
#include <stdbool.h>

/* The version that the kernel has; 0: none, or it is turned off. */
int landlock_version(void);

/*
 * For the whole process and for good: files may be opened, made, written, renamed and removed below
 * output_fd (-1: nowhere) alone, and with read_elsewhere read anywhere; no TCP, no signals and no
 * abstract sockets to processes outside, as far as the kernel's version goes. Needs no_new_privs.
 * The version in force; 0: the kernel has none; -1: it could not be entered, errno is set.
 */
int landlock_enter(int output_fd, bool read_elsewhere);

#endif
