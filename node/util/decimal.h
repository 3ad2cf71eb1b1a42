/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole numbers as text without printf, which would take a hundredth of a small segment's time for
 * each that it writes. */
#ifndef NODE_UTIL_DECIMAL_H
#define NODE_UTIL_DECIMAL_H

#include <stdint.h>

/* Room for any number and its NUL. */
#define DECIMAL_BYTES 21

/* Writes value, which is not negative, and a NUL behind it; out has DECIMAL_BYTES. Returns where
 * the NUL is, for what follows. Pure. */
char *decimal_write(char *out, int64_t value);

#endif
