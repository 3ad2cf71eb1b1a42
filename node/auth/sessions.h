/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The valid sessions, in memory for the guard. Their expires_ms is monotonic here, so that setting
 * the clock ends none of them. Any thread. */
#ifndef NODE_AUTH_SESSIONS_H
#define NODE_AUTH_SESSIONS_H

#include <stdbool.h>

#include "catalog/catalog.h"

struct sessions;

int sessions_open(struct sessions **out); /* Returns 0 or -ENOMEM. */
void sessions_close(struct sessions **sessions);

/* Writes the SHA-256 of a token in hex into out[65]. Sessions are stored under this hash. Pure. */
void sessions_token_hash(const char *token, char *out);

/* Copies the session of a token into *out. Returns false if there is none, or if it has expired at
 * now_ms. */
bool sessions_find(
    struct sessions *sessions, const char *token, int64_t now_ms, struct catalog_session *out);
int sessions_add(
    struct sessions *sessions, const struct catalog_session *session); /* Returns 0 or -ENOMEM. */
void sessions_remove(struct sessions *sessions, const char *token_sha256);
/* Returns a count of logins and logouts. To be called before reading the list for
 * sessions_replace(). */
uint64_t sessions_mark(struct sessions *sessions);
/* Replaces all sessions by those of the list. Keeps the old ones if somebody logged in or out
 * after the mark was taken, because the list may then be out of date. The list is emptied in
 * both cases. */
void sessions_replace(struct sessions *sessions, uint64_t mark, struct catalog_sessions *list);

#endif
