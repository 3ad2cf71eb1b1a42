/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One direction of an emulated link. Each packet waits in a queue of bounded length until the
 * link's rate allows it, may be lost, and arrives after a delay. All times are monotonic, in
 * microseconds, and come from the caller: nothing here reads a clock or a socket.
 */
#ifndef TESTS_LINK_LINK_H
#define TESTS_LINK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_profile {
    int64_t rate_bps;
    int64_t delay_us; /* one way */
    /* How long a packet may wait in the queue. Packets that would wait longer are dropped. */
    int64_t queue_us;
    double loss;     /* share of packets, 0 to 1 */
    double loss_run; /* mean number of packets that are lost in a row; 1: losses are independent */
    int64_t up_us, down_us; /* in turn, the link works for up_us and fails for down_us;
                             * down_us 0: it always works */
};

struct link_packet {
    struct link_packet *next;
    int64_t arrival_us;
    size_t bytes;
    uint8_t data[];
};

struct link_counts {
    uint64_t packets, bytes;        /* packets that arrived, and their bytes */
    uint64_t lost, overflowed, cut; /* by chance; the queue was full; during an outage */
};

struct link {
    struct link_profile profile;
    struct link_counts counts;
    int64_t start_us;
    int64_t free_us; /* when the link will have sent all packets in its queue */
    uint64_t random;
    bool losing; /* the link is within a run of losses */
    bool fails;  /* set from outside: the link drops all packets, as during an outage */
    struct link_packet *first, **last;
};

/* Opens a link. Its first up_us begins at start_us. The same seed gives the same losses. */
void link_open(
    struct link *link, const struct link_profile *profile, int64_t start_us, uint64_t seed);
void link_close(struct link *link);
/* Sends a packet into the link. It is copied, or it is dropped and counted. */
void link_send(struct link *link, const void *data, size_t bytes, int64_t now_us);
/* Returns the next packet that has arrived by now_us, or NULL. The caller frees it with free(). */
struct link_packet *link_receive(struct link *link, int64_t now_us);
/* Returns when the next packet arrives; INT64_MAX if the link is empty. */
int64_t link_next_us(const struct link *link);

/* Finds a profile by its name. down is for packets to the village, and up for packets from it.
 * Returns false if there is none. */
bool link_profile_find(const char *name, struct link_profile *down, struct link_profile *up);
/* Returns the name of profile n; NULL after the last. */
const char *link_profile_name(size_t n);

#endif
