/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NODE_UTIL_NETWORK_H
#define NODE_UTIL_NETWORK_H

enum { NETWORK_BYTES = 50 };

/* Writes the network of a numeric address: the IPv4 address itself, or the /64 of an IPv6 address,
 * such as "2001:db8:1:2::/64", because that is what one household or host has (RFC 6177). Pure. */
void network_of(const char *address, char out[NETWORK_BYTES]);

#endif
