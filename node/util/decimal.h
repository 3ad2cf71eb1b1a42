/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes whole numbers without printf. For a small segment, each printf would take 1 % of the
 * processor time. */
#ifndef NODE_UTIL_DECIMAL_H
#define NODE_UTIL_DECIMAL_H

#include <stdint.h>

/* Enough for any number and its NUL. */
#define DECIMAL_BYTES 21

/* Writes value, which must not be negative, and a NUL. out needs DECIMAL_BYTES. Returns the
 * position of the NUL, so that more text can follow. Pure. */
char *decimal_write(char *out, int64_t value);

#endif
