/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passwords, sessions in memory, and the growing wait after failed logins. */
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/auth/auth.h"
#include "node/auth/backoff.h"
#include "node/auth/sessions.h"

static void test_passwords_verify_and_weak_ones_are_refused(void **state)
{
    (void)state;
    char hash[128];
    const char *zh = NULL, *en = NULL;
    assert_int_equal(auth_hash_password("a good long password", hash), 0);
    assert_memory_equal(hash, "$argon2id$", 10);
    assert_int_equal(crypto_pwhash_str_verify(hash, "a good long password", 20), 0);
    assert_int_not_equal(crypto_pwhash_str_verify(hash, "a good long passwore", 20), 0);
    assert_true(auth_password_acceptable("一二三四五六七八", &zh, &en));
    assert_false(auth_password_acceptable("一二三四五六七", &zh, &en));
    assert_non_null(zh);
    assert_non_null(en);
}

static void test_backoff_grows_and_forgets(void **state)
{
    (void)state;
    struct backoff *backoff;
    assert_int_equal(backoff_open(&backoff), 0);
    for (int i = 0; i < 4; i++)
        backoff_failed(backoff, "10.0.0.1", 1000);
    assert_int_equal(backoff_wait_ms(backoff, "10.0.0.1", 1000), 0);
    backoff_failed(backoff, "10.0.0.1", 1000);
    assert_int_equal(backoff_wait_ms(backoff, "10.0.0.1", 1000), 2000);
    assert_int_equal(backoff_wait_ms(backoff, "10.0.0.1", 3000), 0);
    assert_int_equal(backoff_wait_ms(backoff, "10.0.0.2", 1000), 0);
    for (int i = 0; i < 100; i++)
        backoff_failed(backoff, "10.0.0.1", 3000);
    assert_int_equal(backoff_wait_ms(backoff, "10.0.0.1", 3000), 300000);
    backoff_succeeded(backoff, "10.0.0.1");
    assert_int_equal(backoff_wait_ms(backoff, "10.0.0.1", 3000), 0);
    /* There are more names than the table holds. It must stay bounded and keep the newest. */
    for (int i = 0; i < 5000; i++) {
        char key[32];
        snprintf(key, sizeof(key), "host%d", i);
        for (int n = 0; n < 5; n++)
            backoff_failed(backoff, key, 10000 + i);
    }
    assert_int_equal(backoff_wait_ms(backoff, "host4999", 14999), 2000);
    backoff_close(&backoff);
    assert_null(backoff);
}

static void test_sessions_are_found_until_they_expire(void **state)
{
    (void)state;
    struct sessions *sessions;
    struct catalog_session session = {.user = "li", .expires_ms = 5000}, found;
    assert_int_equal(sessions_open(&sessions), 0);
    sessions_token_hash("token", session.token_sha256);
    assert_string_equal(
        session.token_sha256, "3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0");
    assert_int_equal(sessions_add(sessions, &session), 0);
    assert_true(sessions_find(sessions, "token", 4999, &found));
    assert_string_equal(found.user, "li");
    assert_false(sessions_find(sessions, "token", 5000, &found));
    assert_false(sessions_find(sessions, "other", 1000, &found));
    /* The list of sessions was read before this login, so it lacks the new session. Applying it
     * must not log the user out. */
    uint64_t mark = sessions_mark(sessions);
    struct catalog_sessions list = {0};
    sessions_add(sessions, &session);
    sessions_replace(sessions, mark, &list);
    assert_true(sessions_find(sessions, "token", 1000, &found));
    sessions_replace(sessions, sessions_mark(sessions), &list);
    assert_false(sessions_find(sessions, "token", 1000, &found));

    /* The list of sessions was read before this logout, so it still has the session. The session is
     * also added twice here. */
    sessions_add(sessions, &session);
    sessions_add(sessions, &session);
    mark = sessions_mark(sessions);
    assert_true(sessions_find(sessions, "token", 1000, &found));
    sessions_remove(sessions, session.token_sha256);
    assert_false(sessions_find(sessions, "token", 1000, &found));
    list.items = calloc(1, sizeof(list.items[0]));
    assert_non_null(list.items);
    list.items[list.count++] = session;
    sessions_replace(sessions, mark, &list);
    assert_false(sessions_find(sessions, "token", 1000, &found));
    sessions_close(&sessions);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passwords_verify_and_weak_ones_are_refused),
        cmocka_unit_test(test_backoff_grows_and_forgets),
        cmocka_unit_test(test_sessions_are_found_until_they_expire)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
