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
 * bad holds the beginning of what is neither; -E2BIG: there are more than RANGES_MAX. */
int ranges_parse(struct ranges *out, const char *text, char *bad, size_t bad_bytes);

#define RANGES_TEXT_BYTES (RANGES_MAX * 64)
/* The list as it is read, each range by its first address: "10.1.2.3/16" has become 10.1.0.0/16. */
void ranges_format(const struct ranges *ranges, char out[RANGES_TEXT_BYTES]);

/* Whether a range of the one is a range of the other. */
bool ranges_share_one(const struct ranges *one, const struct ranges *other);

/* How many bits of the narrowest range that has the numeric address count, plus one; 0: it is in
 * none, or no address. */
int ranges_match(const struct ranges *ranges, const char *address);

#endif
