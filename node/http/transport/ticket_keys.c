/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/transport/ticket_keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

static bool is_older(const struct ticket_key *key, int64_t now_ms, int64_t age_ms)
{
    return key->made && now_ms - key->made_ms >= age_ms;
}

/* Wipes keys that are too old. This is checked at every use, since no peer may have come for a long
 * time. */
static void drop_old(struct ticket_keys *keys, int64_t now_ms)
{
    if (is_older(&keys->before, now_ms, 2 * keys->period_ms))
        OPENSSL_cleanse(&keys->before, sizeof(keys->before));
    if (is_older(&keys->now, now_ms, 2 * keys->period_ms))
        OPENSSL_cleanse(&keys->now, sizeof(keys->now));
}

static bool make(struct ticket_key *key, int64_t now_ms)
{
    key->made_ms = now_ms;
    key->made = RAND_bytes(key->name, sizeof(key->name)) == 1 &&
                RAND_priv_bytes(key->cipher, sizeof(key->cipher)) == 1 &&
                RAND_priv_bytes(key->mac, sizeof(key->mac)) == 1;
    return key->made;
}

const struct ticket_key *ticket_keys_now(struct ticket_keys *keys, int64_t now_ms)
{
    drop_old(keys, now_ms);
    if (is_older(&keys->now, now_ms, keys->period_ms)) {
        keys->before = keys->now;
        keys->now.made = false;
    }
    return keys->now.made || make(&keys->now, now_ms) ? &keys->now : NULL;
}

const struct ticket_key *ticket_keys_find(
    struct ticket_keys *keys, const uint8_t name[TICKET_NAME_BYTES], int64_t now_ms)
{
    drop_old(keys, now_ms);
    if (keys->now.made && memcmp(name, keys->now.name, TICKET_NAME_BYTES) == 0)
        return &keys->now;
    if (keys->before.made && memcmp(name, keys->before.name, TICKET_NAME_BYTES) == 0)
        return &keys->before;
    return NULL;
}

void ticket_keys_wipe(struct ticket_keys *keys)
{
    OPENSSL_cleanse(&keys->now, sizeof(keys->now));
    OPENSSL_cleanse(&keys->before, sizeof(keys->before));
}
