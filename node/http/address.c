/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/util.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/text/hash.h"

enum { BUCKETS = 4096, NETWORK_BYTES = 8 };

struct addresses {
    LIST_HEAD(, http_address) buckets[BUCKETS];
    struct address_list all;
    uint64_t seed; /* secret, so that nobody can choose addresses that share a bucket */
};

int addresses_open(struct addresses **out)
{
    struct addresses *addresses = calloc(1, sizeof(*addresses));
    *out = addresses;
    if (!addresses)
        return -ENOMEM;
    TAILQ_INIT(&addresses->all);
    evutil_secure_rng_get_bytes(&addresses->seed, sizeof(addresses->seed));
    return 0;
}

void addresses_close(struct addresses **addresses)
{
    free(*addresses);
    *addresses = NULL;
}

static struct in6_addr prefix_of(const char *from)
{
    struct in6_addr prefix = {0};
    if (inet_pton(AF_INET6, from, &prefix) == 1) {
        memset(&prefix.s6_addr[NETWORK_BYTES], 0, sizeof(prefix) - NETWORK_BYTES);
    } else {
        prefix.s6_addr[10] = prefix.s6_addr[11] = 0xff;
        (void)inet_pton(AF_INET, from, &prefix.s6_addr[12]);
    }
    return prefix;
}

struct http_address *address_hold(struct addresses *addresses, const char *from)
{
    struct in6_addr prefix = prefix_of(from);
    uint64_t hash = hash_bytes(HASH_START ^ addresses->seed, &prefix, sizeof(prefix));
    struct http_address *address;
    LIST_FOREACH (address, &addresses->buckets[hash % BUCKETS], in_bucket)
        if (memcmp(&address->prefix, &prefix, sizeof(prefix)) == 0) {
            address->held++;
            return address;
        }
    address = calloc(1, sizeof(*address));
    if (!address)
        return NULL;
    address->prefix = prefix;
    address->key = hash_bytes(HASH_START, &prefix, sizeof(prefix));
    address->held = 1;
    TAILQ_INIT(&address->conns);
    LIST_INSERT_HEAD(&addresses->buckets[hash % BUCKETS], address, in_bucket);
    TAILQ_INSERT_TAIL(&addresses->all, address, in_all);
    return address;
}

void address_hold_again(struct http_address *address)
{
    address->held++;
}

void address_release(struct addresses *addresses, struct http_address *address)
{
    if (--address->held > 0)
        return;
    LIST_REMOVE(address, in_bucket);
    TAILQ_REMOVE(&addresses->all, address, in_all);
    free(address);
}

struct address_list *addresses_all(struct addresses *addresses)
{
    return &addresses->all;
}
