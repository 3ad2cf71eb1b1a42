/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys that TLS session tickets are sealed with. Who has one can read what its tickets open, so
 * none is kept for long (RFC 8446 appendix F.1.1, RFC 5077 section 5.5): a new one every period,
 * and the one before it for another, so that a ticket is good for a period at least. They are never
 * written anywhere. Not thread-safe.
 */
#ifndef NODE_HTTP_TRANSPORT_TICKET_KEYS_H
#define NODE_HTTP_TRANSPORT_TICKET_KEYS_H

#include <stdbool.h>
#include <stdint.h>

enum { TICKET_NAME_BYTES = 16, TICKET_KEY_BYTES = 32 };

struct ticket_key {
    uint8_t name[TICKET_NAME_BYTES]; /* stands in the ticket */
    uint8_t cipher[TICKET_KEY_BYTES], mac[TICKET_KEY_BYTES];
    int64_t made_ms;
    bool made;
};

struct ticket_keys {
    int64_t period_ms;
    struct ticket_key now, before;
};

/* The key for a new ticket, made if it is time; valid until the next call. now_ms: monotonic. NULL:
 * no randomness. */
const struct ticket_key *ticket_keys_now(struct ticket_keys *keys, int64_t now_ms);
/* The key of a ticket that a peer shows; NULL: there is none, or it is too old. */
const struct ticket_key *ticket_keys_find(
    struct ticket_keys *keys, const uint8_t name[TICKET_NAME_BYTES], int64_t now_ms);
/* Overwrites them all. */
void ticket_keys_wipe(struct ticket_keys *keys);

#endif
