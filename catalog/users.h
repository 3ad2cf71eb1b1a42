/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Users and their sessions. */
#ifndef CATALOG_USERS_H
#define CATALOG_USERS_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/errors.h"

enum catalog_role {
    CATALOG_ROLE_ADMIN = 0,
    CATALOG_ROLE_OPERATOR = 1,
    CATALOG_ROLE_TECHNICIAN = 2,
};

/* Returns the role with this name ("admin", "operator", "technician"), or -1. */
int catalog_role_parse(const char *name);

/* Returns a role's name, or NULL if it is no role. */
const char *catalog_role_name(int role);

struct catalog_user {
    int64_t id;
    char *name;
    enum catalog_role role;
    char *password_hash; /* argon2id, in libsodium's text form */
    int64_t created_ms;
};

struct catalog_users {
    struct catalog_user *items;
    size_t count;
};

/* Adds a user. Errors: EEXISTS; EINVAL: the name is empty or longer than 64 bytes, or there is no
 * such role. */
enum catalog_error catalog_user_add(
    struct catalog *catalog, const char *name, int role, const char *password_hash, int64_t now_ms);

/* Changes a user's password, and ends the user's sessions. ENOTFOUND. */
enum catalog_error catalog_user_set_password(
    struct catalog *catalog, const char *name, const char *password_hash, int64_t now_ms);

/* Removes a user and the user's sessions. The user's unfinished uploads belong to nobody from then
 * on, so that a user who gets the same name later does not inherit them. ENOTFOUND. */
enum catalog_error catalog_user_remove(struct catalog *catalog, const char *name);

/* Reads one user, as a list of one. ENOTFOUND. */
enum catalog_error catalog_user_get(
    struct catalog *catalog, const char *name, struct catalog_users *out);

/* Reads all users, by name. */
enum catalog_error catalog_users(struct catalog *catalog, struct catalog_users *out);

void catalog_users_free(struct catalog_users *users);

struct catalog_session {
    char token_sha256[65]; /* hex; only the cookie holds the token itself */
    char csrf[65];
    char user[65];
    enum catalog_role role;
    int64_t expires_ms;
};

struct catalog_sessions {
    struct catalog_session *items;
    size_t count;
};

/* The most sessions and networks that are kept of a user. */
enum { CATALOG_USER_SESSIONS = 20, CATALOG_USER_NETWORKS = 32 };

/* Adds a session, and removes sessions that expired 30 days ago: while the clock is ahead, none that
 * is valid may go. If the user has more than
 * CATALOG_USER_SESSIONS then, the one that expires first is removed. Also notes the network that
 * the user logged in from (at most CATALOG_USER_NETWORKS; the oldest is dropped). ENOTFOUND: there
 * is no such user. */
enum catalog_error catalog_session_add(struct catalog *catalog,
    const struct catalog_session *session, const char *network, int64_t now_ms);

/* Removes a session. ENOTFOUND. */
enum catalog_error catalog_session_remove(struct catalog *catalog, const char *token_sha256);

/* Reads all sessions that have not expired. It writes nothing, so a full disk ends no session. */
enum catalog_error catalog_sessions(
    struct catalog *catalog, int64_t now_ms, struct catalog_sessions *out);

void catalog_sessions_free(struct catalog_sessions *sessions);

/* Shortens sessions that would last beyond last_ms: they were made while the clock was ahead. */
enum catalog_error catalog_sessions_bound(struct catalog *catalog, int64_t last_ms);

/* Somebody has set the clock: moves the end of each session that is valid at now_ms by step_ms. now_ms:
 * by the old clock. A session that would last longer than longest_ms was made while the clock was
 * right, and the old clock was not; it stays. */
enum catalog_error catalog_sessions_rebase(
    struct catalog *catalog, int64_t now_ms, int64_t longest_ms, int64_t step_ms);

/* A network that a user has logged in from. */
struct catalog_network {
    char user[65];
    char network[65];
};

struct catalog_networks {
    struct catalog_network *items;
    size_t count;
};

/* Reads the networks of all users, the longest unused first. */
enum catalog_error catalog_networks(struct catalog *catalog, struct catalog_networks *out);

void catalog_networks_free(struct catalog_networks *networks);

#endif
