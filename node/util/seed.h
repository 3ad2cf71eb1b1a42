/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secret seeds for hash tables whose keys strangers choose. Without one, they could choose keys that all
 * fall into one bucket. Any thread. */
#ifndef NODE_UTIL_SEED_H
#define NODE_UTIL_SEED_H

#include <stdint.h>

/* Returns a random seed for hash_text(); HASH_START if the kernel gives none, which only costs
 * fairness. */
uint64_t seed_new(void);

/* Returns a number below count, a power of two up to 2^16, that depends on all bits of the hash. */
uint32_t seed_bucket(uint64_t hash, uint32_t count);

#endif
