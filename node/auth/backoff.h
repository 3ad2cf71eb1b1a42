/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slows down password guessing. After some failures, a key (an address or a user's name) must wait,
 * longer each time. Any thread. */
#ifndef NODE_AUTH_BACKOFF_H
#define NODE_AUTH_BACKOFF_H

#include <stdint.h>

struct backoff;

int backoff_open(struct backoff **out); /* Returns 0 or -ENOMEM. */
void backoff_close(struct backoff **backoff);
/* Returns how long the key must still wait at now_ms; 0: it may try. */
int64_t backoff_wait_ms(struct backoff *backoff, const char *key, int64_t now_ms);
/* Counts a failure. Logins call this before each try, and a success then clears the count. From the
 * fifth failure in a row the wait is 2, 4, 8 and so on up to 300 s. The table is bounded; the entry
 * without failures for the longest time is dropped first. */
void backoff_failed(struct backoff *backoff, const char *key, int64_t now_ms);
void backoff_succeeded(struct backoff *backoff, const char *key);

#endif
