/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slows down whoever guesses passwords: after some failures a key (an address, a user's name) must
 * wait, longer each time. Any thread. */
#ifndef NODE_AUTH_BACKOFF_H
#define NODE_AUTH_BACKOFF_H

#include <stdint.h>

struct backoff;

int backoff_open(struct backoff **out); /* 0 or -ENOMEM */
void backoff_close(struct backoff **backoff);
/* How long key must still wait at now_ms; 0: it may try. */
int64_t backoff_wait_ms(struct backoff *backoff, const char *key, int64_t now_ms);
/* A failure, or a try that will have been none if it succeeds: from the fifth in a row on, 2,
 * 4, 8... up to 300 s. The table is bounded; the entry that was quiet for longest goes first. */
void backoff_failed(struct backoff *backoff, const char *key, int64_t now_ms);
void backoff_succeeded(struct backoff *backoff, const char *key);

#endif
