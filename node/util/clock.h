/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NODE_UTIL_CLOCK_H
#define NODE_UTIL_CLOCK_H

#include <stdint.h>

/* Milliseconds since the Unix epoch, for times that are stored. Any thread. */
int64_t clock_wall_ms(void);
/* Milliseconds of a clock that never jumps, for durations. Any thread. */
int64_t clock_mono_ms(void);

#endif
