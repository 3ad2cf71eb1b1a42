/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Address ranges such as "10.1.0.0/16, 10.9.0.7, fd00:1::/32", and which addresses they contain.
 * Pure. */
#ifndef NODE_UTIL_RANGES_H
#define NODE_UTIL_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGES_MAX 16

struct range {
    uint8_t address[16]; /* IPv4 as a mapped address: ::ffff:a.b.c.d */
    int bits;            /* length of the prefix: 0 to 128; for IPv4, 96 more than in the text */
};

struct ranges {
    struct range items[RANGES_MAX];
    size_t count;
};

/* Parses a list of ranges separated by commas or white space. A single address is a range of one.
 * Returns 0; -EINVAL, with the beginning of the invalid item in bad; -E2BIG if there are more than
 * RANGES_MAX. */
int ranges_parse(struct ranges *out, const char *text, char *bad, size_t bad_bytes);

#define RANGES_TEXT_BYTES (RANGES_MAX * 64)
/* Writes the list in its parsed form: "10.1.2.3/16" becomes "10.1.0.0/16". */
void ranges_format(const struct ranges *ranges, char out[RANGES_TEXT_BYTES]);

/* Whether any range of one list equals a range of the other. */
bool ranges_share_one(const struct ranges *one, const struct ranges *other);

/* Returns the prefix length (`bits`) of the narrowest range that contains a numeric address, plus
 * one; 0 if no range contains it, or if it is no address. */
int ranges_match(const struct ranges *ranges, const char *address);

#endif
