/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sessions that are valid now, in memory for the guard. Any thread. */
#ifndef NODE_AUTH_SESSIONS_H
#define NODE_AUTH_SESSIONS_H

#include <stdbool.h>

#include "catalog/catalog.h"

struct sessions;

int sessions_open(struct sessions **out); /* 0 or -ENOMEM */
void sessions_close(struct sessions **sessions);

/* Hex SHA-256 of a token, as sessions are known by. out: char[65]. Pure. */
void sessions_token_hash(const char *token, char *out);

/* Copies the session of that token into *out, if it is valid at now_ms. */
bool sessions_find(
    struct sessions *sessions, const char *token, int64_t now_ms, struct catalog_session *out);
int sessions_add(
    struct sessions *sessions, const struct catalog_session *session); /* 0 or -ENOMEM */
void sessions_remove(struct sessions *sessions, const char *token_sha256);
/* Counts logins and logouts: taken before the list for sessions_replace() is read. */
uint64_t sessions_mark(struct sessions *sessions);
/* Replaces all by those of the list, which is taken over (emptied), unless somebody has logged in
 * or out since the mark was taken: the list might lack him, or have him still. */
void sessions_replace(struct sessions *sessions, uint64_t mark, struct catalog_sessions *list);

#endif
