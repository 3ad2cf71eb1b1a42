/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Limits how many wrong secrets (tokens, codes) a network may show: 10 different ones in 15 min. A
 * wrong one that comes again and again, such as the old token of a box, counts once. A right one
 * that the network has shown before the limit was reached goes on to count. So a guesser does not
 * lock out the boxes beside it.
 *
 * Not thread-safe: the owner locks.
 */
#ifndef NODE_LINK_GUESS_LIMIT_H
#define NODE_LINK_GUESS_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct guess_limit;

/* max_total: so many wrong secrets in 15 min of all networks together, except those that have shown
 * a right one; 0: no such limit. Returns 0 or -ENOMEM. */
int guess_limit_open(struct guess_limit **out, int max_total);
void guess_limit_close(struct guess_limit **limit); /* accepts NULL in *limit */

/* Judges a secret that came from an address. right: whether it is a secret. Returns whether it
 * counts; a wrong one never does. now_ms: monotonic. */
bool guess_limit_admit(
    struct guess_limit *limit, const char *address, const char *secret, bool right, int64_t now_ms);

/* Returns how long the address must wait until a new secret from it can count, in ms; 0: not at
 * all. */
int64_t guess_limit_wait_ms(struct guess_limit *limit, const char *address, int64_t now_ms);

#endif
