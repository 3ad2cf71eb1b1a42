/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys that seal TLS session tickets. A person who has a key can read the sessions of its
 * tickets, so no key lives long (RFC 8446 appendix F.1.1, RFC 5077 section 5.5). Each period has a
 * new key, and the previous key stays for one more period, so that a ticket is good for at least
 * one period. Keys are never written to disk. Not thread-safe. */
#ifndef NODE_HTTP_TRANSPORT_TICKET_KEYS_H
#define NODE_HTTP_TRANSPORT_TICKET_KEYS_H

#include <stdbool.h>
#include <stdint.h>

enum { TICKET_NAME_BYTES = 16, TICKET_KEY_BYTES = 32 };

struct ticket_key {
    uint8_t name[TICKET_NAME_BYTES]; /* part of every ticket, to find its key */
    uint8_t cipher[TICKET_KEY_BYTES], mac[TICKET_KEY_BYTES];
    int64_t made_ms;
    bool made;
};

struct ticket_keys {
    int64_t period_ms;
    struct ticket_key now, before;
};

/* Returns the key for a new ticket, and makes one if it is time. now_ms: monotonic. The key is
 * valid until the next call. NULL: no random numbers can be had. */
const struct ticket_key *ticket_keys_now(struct ticket_keys *keys, int64_t now_ms);
/* Returns the key of a ticket that a peer shows; NULL if the key is unknown or too old. */
const struct ticket_key *ticket_keys_find(
    struct ticket_keys *keys, const uint8_t name[TICKET_NAME_BYTES], int64_t now_ms);
/* Overwrites all keys. */
void ticket_keys_wipe(struct ticket_keys *keys);

#endif
