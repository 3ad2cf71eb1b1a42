/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/util/seed.h"

#include <sys/random.h>

#include "transcoder/text/hash.h"

uint64_t seed_new(void)
{
    uint64_t seed;
    return getrandom(&seed, sizeof(seed), 0) == sizeof(seed) ? seed : HASH_START;
}

uint32_t seed_bucket(uint64_t hash, uint32_t count)
{
    /* The multiplication spreads the bits over the upper ones (Knuth, 6.4). */
    return (uint32_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 48) & (count - 1);
}
