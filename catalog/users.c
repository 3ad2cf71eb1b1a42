/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/db.h"

#define MAX_NAME_BYTES 64

static const char *const role_names[] = {
    [CATALOG_ROLE_ADMIN] = "admin",
    [CATALOG_ROLE_OPERATOR] = "operator",
    [CATALOG_ROLE_TECHNICIAN] = "technician",
};
#define ROLE_COUNT ((int)(sizeof(role_names) / sizeof(role_names[0])))

int catalog_role_parse(const char *name)
{
    for (int i = 0; i < ROLE_COUNT; i++)
        if (strcmp(role_names[i], name) == 0)
            return i;
    return -1;
}

const char *catalog_role_name(int role)
{
    return role >= 0 && role < ROLE_COUNT ? role_names[role] : NULL;
}

/* ---- writing users ---- */

enum catalog_error catalog_user_add(
    struct catalog *cat, const char *name, int role, const char *password_hash, int64_t now_ms)
{
    if (!name[0] || strlen(name) > MAX_NAME_BYTES || !catalog_role_name(role))
        return db_fail(cat, CATALOG_EINVAL, "a user needs a name of at most %d bytes and a role",
            MAX_NAME_BYTES);
    enum catalog_error error = db_begin(cat);
    if (error == CATALOG_OK)
        error = db_end(
            cat, db_execute(cat, STATEMENT_USER_INSERT, "sisl", name, role, password_hash, now_ms));
    if (error == CATALOG_EEXISTS)
        return db_fail(cat, error, "there is a user %s already", name);
    return error;
}

static enum catalog_error no_user(struct catalog *cat, const char *name)
{
    return db_fail(cat, CATALOG_ENOTFOUND, "there is no user %s", name);
}

static enum catalog_error set_password(
    struct catalog *cat, const char *name, const char *password_hash)
{
    enum catalog_error error =
        db_execute(cat, STATEMENT_USER_SET_PASSWORD, "ss", name, password_hash);
    if (error != CATALOG_OK)
        return error;
    if (db_changed_rows(cat) == 0)
        return no_user(cat, name);
    return db_execute(cat, STATEMENT_SESSIONS_END, "s", name);
}

enum catalog_error catalog_user_set_password(
    struct catalog *cat, const char *name, const char *password_hash, int64_t now_ms)
{
    (void)now_ms;
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, set_password(cat, name, password_hash));
}

static enum catalog_error remove_user(struct catalog *cat, const char *name)
{
    enum catalog_error error = db_execute(cat, STATEMENT_USER_REMOVE, "s", name);
    if (error != CATALOG_OK)
        return error;
    if (db_changed_rows(cat) == 0)
        return no_user(cat, name);
    return db_execute(cat, STATEMENT_UPLOADS_DISOWN, "s", name);
}

enum catalog_error catalog_user_remove(struct catalog *cat, const char *name)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, remove_user(cat, name));
}

/* ---- reading users ---- */

static enum catalog_error fill_user(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    struct catalog_user *user = item;
    user->id = sqlite3_column_int64(row, USER_ID);
    user->name = db_text(cat, row, USER_NAME);
    user->role = sqlite3_column_int(row, USER_ROLE);
    user->password_hash = db_text(cat, row, USER_PASSWORD_HASH);
    user->created_ms = sqlite3_column_int64(row, USER_CREATED_MS);
    return CATALOG_OK;
}

static enum catalog_error read_users(
    struct catalog *cat, sqlite3_stmt *query, struct catalog_users *out)
{
    *out = (struct catalog_users){0};
    enum catalog_error error = db_read_all(
        cat, query, fill_user, sizeof(out->items[0]), (void **)&out->items, &out->count);
    if (error != CATALOG_OK)
        catalog_users_free(out);
    return error;
}

enum catalog_error catalog_user_get(
    struct catalog *cat, const char *name, struct catalog_users *out)
{
    enum catalog_error error = read_users(cat, db_query(cat, STATEMENT_USER_GET, "s", name), out);
    return error == CATALOG_OK && out->count == 0 ? no_user(cat, name) : error;
}

enum catalog_error catalog_users(struct catalog *cat, struct catalog_users *out)
{
    return read_users(cat, db_query(cat, STATEMENT_USERS, ""), out);
}

void catalog_users_free(struct catalog_users *users)
{
    if (!users)
        return;
    for (size_t i = 0; i < users->count; i++) {
        free(users->items[i].name);
        free(users->items[i].password_hash);
    }
    free(users->items);
    *users = (struct catalog_users){0};
}

/* ---- sessions ---- */

static enum catalog_error note_network(
    struct catalog *cat, const char *user, const char *network, int64_t now_ms)
{
    enum catalog_error error =
        db_execute(cat, STATEMENT_NETWORK_NOTE, "ssl", user, network, now_ms);
    if (error != CATALOG_OK)
        return error;
    return db_execute(cat, STATEMENT_NETWORKS_TRIM, "si", user, CATALOG_USER_NETWORKS);
}

/* Expired sessions are kept for so long. If the clock is ahead for a while, they are valid again
 * once it is right. */
#define EXPIRED_KEPT_MS (30 * 24 * 3600 * INT64_C(1000))

static enum catalog_error add_session(
    struct catalog *cat, const struct catalog_session *session, const char *network, int64_t now_ms)
{
    enum catalog_error error =
        db_execute(cat, STATEMENT_SESSIONS_EXPIRE, "l", now_ms - EXPIRED_KEPT_MS);
    if (error == CATALOG_OK)
        error = db_execute(cat, STATEMENT_SESSION_INSERT, "sssl", session->token_sha256,
            session->user, session->csrf, session->expires_ms);
    if (error != CATALOG_OK)
        return error;
    if (db_changed_rows(cat) == 0)
        return no_user(cat, session->user);
    error = db_execute(cat, STATEMENT_SESSIONS_TRIM, "si", session->user, CATALOG_USER_SESSIONS);
    return error == CATALOG_OK ? note_network(cat, session->user, network, now_ms) : error;
}

enum catalog_error catalog_session_add(
    struct catalog *cat, const struct catalog_session *session, const char *network, int64_t now_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, add_session(cat, session, network, now_ms));
}

static enum catalog_error remove_session(struct catalog *cat, const char *token_sha256)
{
    enum catalog_error error = db_execute(cat, STATEMENT_SESSION_REMOVE, "s", token_sha256);
    if (error == CATALOG_OK && db_changed_rows(cat) == 0)
        error = db_fail(cat, CATALOG_ENOTFOUND, "there is no such session");
    return error;
}

enum catalog_error catalog_session_remove(struct catalog *cat, const char *token_sha256)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, remove_session(cat, token_sha256));
}

/* Copies a text column into an array of 65 bytes. */
static void copy_text(char out[65], sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    snprintf(out, 65, "%s", text ? text : "");
}

static enum catalog_error fill_session(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    struct catalog_session *session = item;
    (void)cat;
    copy_text(session->token_sha256, row, SESSION_TOKEN_SHA256);
    copy_text(session->csrf, row, SESSION_CSRF);
    copy_text(session->user, row, SESSION_USER);
    session->role = sqlite3_column_int(row, SESSION_ROLE);
    session->expires_ms = sqlite3_column_int64(row, SESSION_EXPIRES_MS);
    return CATALOG_OK;
}

enum catalog_error catalog_sessions(
    struct catalog *cat, int64_t now_ms, struct catalog_sessions *out)
{
    *out = (struct catalog_sessions){0};
    sqlite3_stmt *query = db_query(cat, STATEMENT_SESSIONS, "l", now_ms);
    enum catalog_error error = db_read_all(
        cat, query, fill_session, sizeof(out->items[0]), (void **)&out->items, &out->count);
    if (error != CATALOG_OK)
        catalog_sessions_free(out);
    return error;
}

void catalog_sessions_free(struct catalog_sessions *sessions)
{
    if (!sessions)
        return;
    free(sessions->items);
    *sessions = (struct catalog_sessions){0};
}

enum catalog_error catalog_sessions_bound(struct catalog *cat, int64_t last_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, db_execute(cat, STATEMENT_SESSIONS_BOUND, "l", last_ms));
}

enum catalog_error catalog_sessions_rebase(
    struct catalog *cat, int64_t now_ms, int64_t longest_ms, int64_t step_ms)
{
    enum catalog_error error = db_begin(cat);
    return error ? error
                 : db_end(cat, db_execute(cat, STATEMENT_SESSIONS_REBASE, "lll", now_ms,
                                   now_ms + longest_ms, step_ms));
}

/* ---- networks ---- */

static enum catalog_error fill_network(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    struct catalog_network *network = item;
    (void)cat;
    copy_text(network->user, row, NETWORK_USER);
    copy_text(network->network, row, NETWORK_NETWORK);
    return CATALOG_OK;
}

enum catalog_error catalog_networks(struct catalog *cat, struct catalog_networks *out)
{
    *out = (struct catalog_networks){0};
    enum catalog_error error = db_read_all(cat, db_query(cat, STATEMENT_NETWORKS, ""), fill_network,
        sizeof(out->items[0]), (void **)&out->items, &out->count);
    if (error != CATALOG_OK)
        catalog_networks_free(out);
    return error;
}

void catalog_networks_free(struct catalog_networks *networks)
{
    if (!networks)
        return;
    free(networks->items);
    *networks = (struct catalog_networks){0};
}
