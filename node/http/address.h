/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client addresses that one loop serves, and what each of them holds. A limit for each address
 * keeps one client from taking the place of all others. Call these on the loop's thread only. */
#ifndef NODE_HTTP_ADDRESS_H
#define NODE_HTTP_ADDRESS_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct http_conn;
struct addresses;
TAILQ_HEAD(address_conns, http_conn);

/* An IPv4 address, or the /64 of an IPv6 address: providers give a whole /64 to each customer (RFC
 * 6177), so a single IPv6 address says nothing about who uses it. */
struct http_address {
    LIST_ENTRY(http_address) in_bucket;
    TAILQ_ENTRY(http_address) in_all;
    struct in6_addr prefix;     /* IPv4 as an IPv4-mapped address */
    uint64_t key;               /* the same for this prefix on every loop */
    struct address_conns conns; /* the longest open first */
    int held;                   /* connections and requests that refer to this address */
    size_t output_bytes;        /* that its connections hold in memory */
    int candidates; /* connections that crowd.c could end; used while it looks for one */
};
TAILQ_HEAD(address_list, http_address);

/* Returns 0 or -ENOMEM. addresses_close() accepts NULL in *addresses. No address may be held any
 * more. */
int addresses_open(struct addresses **out);
void addresses_close(struct addresses **addresses);

/* Finds or makes the entry of a numeric address (IPv4 or IPv6), and holds it. Returns NULL if memory
 * runs out. */
struct http_address *address_hold(struct addresses *addresses, const char *from);

/* Holds an entry once more. */
void address_hold_again(struct http_address *address);

/* Gives up one hold. The entry is freed with the last one. */
void address_release(struct addresses *addresses, struct http_address *address);

/* All entries. */
struct address_list *addresses_all(struct addresses *addresses);

#endif
