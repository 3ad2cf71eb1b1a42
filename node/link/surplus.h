/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much more media time was delivered than can have been played since. It grows with what is
 * delivered, and falls as time passes, but not below 0. Pure. */
#ifndef NODE_LINK_SURPLUS_H
#define NODE_LINK_SURPLUS_H

#include <stdint.h>

/* Begins with zeros. */
struct surplus {
    int64_t media_ms; /* at the time at_ms */
    int64_t at_ms;    /* monotonic */
};

/* Returns the surplus now. speed_percent: of normal playback; 100 or more. */
int64_t surplus_now(const struct surplus *surplus, int64_t now_ms, int speed_percent);

/* Adds what was delivered. The surplus grows to max_ms at most. */
void surplus_add(
    struct surplus *surplus, int64_t media_ms, int64_t now_ms, int speed_percent, int64_t max_ms);

#endif
