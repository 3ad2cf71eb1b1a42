/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges of addresses, "10.1.0.0/16, 10.9.0.7, fd00:1::/32", and who is in them. Pure. */
#ifndef NODE_LINK_RANGES_H
#define NODE_LINK_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGES_MAX 16

struct range {
    uint8_t address[16]; /* IPv4 in its mapped form, ::ffff:a.b.c.d */
    int bits;            /* how many of them count: 0 to 128 */
};

struct ranges {
    struct range items[RANGES_MAX];
    size_t count;
};

/* Reads a list separated by commas or white space; an address alone is a range of one. 0; -EINVAL:
 * message says in one line what is wrong with it. */
int ranges_parse(struct ranges *out, const char *text, char *message, size_t message_bytes);

/* Whether a range of the one is a range of the other. */
bool ranges_share_one(const struct ranges *one, const struct ranges *other);

/* How many bits of the narrowest range that has the numeric address count, plus one; 0: it is in
 * none, or no address. */
int ranges_match(const struct ranges *ranges, const char *address);

#endif
