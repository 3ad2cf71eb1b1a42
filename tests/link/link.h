/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One direction of an emulated link, by the packet: each waits for its turn at the link's rate in a
 * queue of bounded length, may be lost, and arrives a delay later. Times are monotonic, in
 * microseconds, and passed in: nothing here looks at a clock or a socket.
 */
#ifndef TESTS_LINK_LINK_H
#define TESTS_LINK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_profile {
    int64_t rate_bps;
    int64_t delay_us;       /* one way */
    int64_t queue_us;       /* how long a packet may wait for its turn; those beyond are dropped */
    double loss;            /* share of packets, 0 to 1 */
    double loss_run;        /* packets that are lost in a row, in the mean; 1: each by itself */
    int64_t up_us, down_us; /* the link works for up_us, then not for down_us, and so on; down 0:
                               always */
};

struct link_packet {
    struct link_packet *next;
    int64_t arrival_us;
    size_t bytes;
    uint8_t data[];
};

struct link_counts {
    uint64_t packets, bytes;        /* that arrived */
    uint64_t lost, overflowed, cut; /* by chance; the queue was full; during an outage */
};

struct link {
    struct link_profile profile;
    struct link_counts counts;
    int64_t start_us;
    int64_t free_us; /* when the link has sent all that waits */
    uint64_t random;
    bool losing; /* within a run of losses */
    struct link_packet *first, **last;
};

/* start_us: when its timetable begins. seed: the same gives the same losses. */
void link_open(
    struct link *link, const struct link_profile *profile, int64_t start_us, uint64_t seed);
void link_close(struct link *link);
/* A packet is at its end of the link. It is copied, or dropped and counted. */
void link_send(struct link *link, const void *data, size_t bytes, int64_t now_us);
/* The next packet that has arrived by now, NULL if there is none; the caller's (free). */
struct link_packet *link_receive(struct link *link, int64_t now_us);
/* When the next packet arrives; INT64_MAX if none is under way. */
int64_t link_next_us(const struct link *link);

/* The profile of that name, for what comes down to the village and what goes up from it; false if
 * there is none. */
bool link_profile_find(const char *name, struct link_profile *down, struct link_profile *up);
/* The names, one after the other; NULL behind the last. */
const char *link_profile_name(size_t n);

#endif
