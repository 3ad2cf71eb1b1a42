/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/db.h"

static const char *const role_names[] = {
    [CATALOG_ROLE_ADMIN] = "admin",
    [CATALOG_ROLE_OPERATOR] = "operator",
    [CATALOG_ROLE_TECHNICIAN] = "technician",
};
#define ROLES ((int)(sizeof(role_names) / sizeof(role_names[0])))

int catalog_role_parse(const char *name)
{
    for (int i = 0; i < ROLES; i++)
        if (strcmp(role_names[i], name) == 0)
            return i;
    return -1;
}

const char *catalog_role_name(int role)
{
    return role >= 0 && role < ROLES ? role_names[role] : NULL;
}

int catalog_user_add(
    struct catalog *c, const char *name, int role, const char *password_hash, int64_t now_ms)
{
    if (!name[0] || strlen(name) > 64 || !catalog_role_name(role))
        return db_fail(c, CATALOG_EINVAL, "a user needs a name of at most 64 bytes and a role");
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = db_run(c,
            db_bind(db_statement(c, STATEMENT_USER_INSERT), "sisi", name, (int64_t)role,
                password_hash, now_ms),
            NULL);
    error = db_end(c, error);
    return error == CATALOG_EEXISTS ? db_fail(c, error, "there is a user %s already", name) : error;
}

static int expect_user(struct catalog *c, int error, int changed, const char *name)
{
    if (error == CATALOG_OK && changed == 0)
        return db_fail(c, CATALOG_ENOTFOUND, "there is no user %s", name);
    return error;
}

int catalog_user_set_password(
    struct catalog *c, const char *name, const char *password_hash, int64_t now_ms)
{
    (void)now_ms;
    int changed = 0;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = db_run(c,
            db_bind(db_statement(c, STATEMENT_USER_SET_PASSWORD), "ss", name, password_hash),
            &changed);
    if (error == CATALOG_OK)
        error = expect_user(c, error, changed, name);
    if (error == CATALOG_OK)
        error = db_run(c, db_bind(db_statement(c, STATEMENT_SESSIONS_END), "s", name), NULL);
    return db_end(c, error);
}

int catalog_user_remove(struct catalog *c, const char *name)
{
    int changed = 0;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = db_run(c, db_bind(db_statement(c, STATEMENT_USER_REMOVE), "s", name), &changed);
    if (error == CATALOG_OK)
        error = expect_user(c, error, changed, name);
    return db_end(c, error);
}

static int read_users(struct catalog *c, sqlite3_stmt *s, struct catalog_users *out)
{
    int row;
    *out = (struct catalog_users){0};
    while ((row = db_row(c, s)) > 0) {
        struct catalog_user *user = db_grow((void **)&out->items, &out->count, sizeof(*user));
        if (user) {
            user->id = sqlite3_column_int64(s, 0);
            user->name = db_text(s, 1);
            user->role = sqlite3_column_int(s, 2);
            user->password_hash = db_text(s, 3);
            user->created_ms = sqlite3_column_int64(s, 4);
        }
        if (!user || !user->name || !user->password_hash) {
            row = db_fail(c, CATALOG_ENOMEM, "out of memory");
            break;
        }
    }
    db_done(s);
    if (row < 0)
        catalog_users_free(out);
    return row;
}

int catalog_user_get(struct catalog *c, const char *name, struct catalog_users *out)
{
    int error = read_users(c, db_bind(db_statement(c, STATEMENT_USER_GET), "s", name), out);
    if (error == CATALOG_OK && out->count == 0)
        error = db_fail(c, CATALOG_ENOTFOUND, "there is no user %s", name);
    return error;
}

int catalog_users(struct catalog *c, struct catalog_users *out)
{
    return read_users(c, db_statement(c, STATEMENT_USERS), out);
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

int catalog_session_add(struct catalog *c, const struct catalog_session *session, int64_t now_ms)
{
    int changed = 0;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = db_run(c, db_bind(db_statement(c, STATEMENT_SESSIONS_EXPIRE), "i", now_ms), NULL);
    if (error == CATALOG_OK)
        error = db_run(c,
            db_bind(db_statement(c, STATEMENT_SESSION_INSERT), "sssi", session->token_sha256,
                session->user, session->csrf, session->expires_ms),
            &changed);
    if (error == CATALOG_OK)
        error = expect_user(c, error, changed, session->user);
    return db_end(c, error);
}

int catalog_session_remove(struct catalog *c, const char *token_sha256)
{
    int changed = 0;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = db_run(
            c, db_bind(db_statement(c, STATEMENT_SESSION_REMOVE), "s", token_sha256), &changed);
    if (error == CATALOG_OK && changed == 0)
        error = db_fail(c, CATALOG_ENOTFOUND, "there is no such session");
    return db_end(c, error);
}

static int read_sessions(struct catalog *c, int64_t now_ms, struct catalog_sessions *out)
{
    int row;
    sqlite3_stmt *s = db_bind(db_statement(c, STATEMENT_SESSIONS), "i", now_ms);
    while ((row = db_row(c, s)) > 0) {
        struct catalog_session *session =
            db_grow((void **)&out->items, &out->count, sizeof(*session));
        if (!session) {
            row = db_fail(c, CATALOG_ENOMEM, "out of memory");
            break;
        }
        snprintf(session->token_sha256, sizeof(session->token_sha256), "%s",
            (const char *)sqlite3_column_text(s, 0));
        snprintf(
            session->csrf, sizeof(session->csrf), "%s", (const char *)sqlite3_column_text(s, 1));
        snprintf(
            session->user, sizeof(session->user), "%s", (const char *)sqlite3_column_text(s, 2));
        session->role = sqlite3_column_int(s, 3);
        session->expires_ms = sqlite3_column_int64(s, 4);
    }
    db_done(s);
    return row;
}

int catalog_sessions(struct catalog *c, int64_t now_ms, struct catalog_sessions *out)
{
    *out = (struct catalog_sessions){0};
    int error = read_sessions(c, now_ms, out);
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
