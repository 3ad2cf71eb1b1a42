/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TRANSCODER_WORKER_WRITE_ALL_H
#define TRANSCODER_WORKER_WRITE_ALL_H

#include <stddef.h>
#include <stdint.h>

/* Writes all bytes, and goes on after interruptions. Returns 0, or -1 with errno set. Any
 * thread. */
int write_all(int fd, const uint8_t *bytes, size_t count);

#endif
