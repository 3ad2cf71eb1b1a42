/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/auth/sessions.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct sessions {
    pthread_mutex_t mutex;
    struct catalog_sessions list;
    uint64_t changes; /* counts logins and logouts */
};

int sessions_open(struct sessions **out)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return -ENOMEM;
    pthread_mutex_init(&(*out)->mutex, NULL);
    return 0;
}

void sessions_close(struct sessions **sessions)
{
    if (!*sessions)
        return;
    catalog_sessions_free(&(*sessions)->list);
    pthread_mutex_destroy(&(*sessions)->mutex);
    free(*sessions);
    *sessions = NULL;
}

void sessions_token_hash(const char *token, char *out)
{
    uint8_t digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, (const unsigned char *)token, strlen(token));
    sodium_bin2hex(out, 65, digest, sizeof(digest));
}

bool sessions_find(
    struct sessions *sessions, const char *token, int64_t now_ms, struct catalog_session *out)
{
    char hash[65];
    bool found = false;
    sessions_token_hash(token, hash);
    pthread_mutex_lock(&sessions->mutex);
    for (size_t i = 0; i < sessions->list.count && !found; i++) {
        const struct catalog_session *session = &sessions->list.items[i];
        /* Hashes are compared, so the time of the comparison reveals nothing about the token. */
        found = strcmp(session->token_sha256, hash) == 0 && session->expires_ms > now_ms;
        if (found)
            *out = *session;
    }
    pthread_mutex_unlock(&sessions->mutex);
    return found;
}

int sessions_add(struct sessions *sessions, const struct catalog_session *session)
{
    pthread_mutex_lock(&sessions->mutex);
    struct catalog_sessions *list = &sessions->list;
    struct catalog_session *items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items) {
        items[list->count++] = *session;
        list->items = items;
        sessions->changes++;
    }
    pthread_mutex_unlock(&sessions->mutex);
    return items ? 0 : -ENOMEM;
}

void sessions_remove(struct sessions *sessions, const char *token_sha256)
{
    pthread_mutex_lock(&sessions->mutex);
    struct catalog_sessions *list = &sessions->list;
    /* A session may be in the list twice: it may have been read from the catalog before its login
     * was finished. */
    for (size_t i = list->count; i-- > 0;)
        if (strcmp(list->items[i].token_sha256, token_sha256) == 0)
            list->items[i] = list->items[--list->count];
    sessions->changes++;
    pthread_mutex_unlock(&sessions->mutex);
}

uint64_t sessions_mark(struct sessions *sessions)
{
    pthread_mutex_lock(&sessions->mutex);
    uint64_t mark = sessions->changes;
    pthread_mutex_unlock(&sessions->mutex);
    return mark;
}

void sessions_replace(struct sessions *sessions, uint64_t mark, struct catalog_sessions *list)
{
    pthread_mutex_lock(&sessions->mutex);
    if (sessions->changes == mark) {
        struct catalog_sessions old = sessions->list;
        sessions->list = *list;
        *list = old;
    }
    pthread_mutex_unlock(&sessions->mutex);
    catalog_sessions_free(list);
}
