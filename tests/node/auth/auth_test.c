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
#include "node/auth/guesses.h"
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

static void fail_times(
    struct guesses *guesses, const char *name, const char *network, int times, int64_t now_ms)
{
    for (int i = 0; i < times; i++)
        assert_int_equal(guesses_begin(guesses, name, network, now_ms), 0);
}

static void test_the_wait_grows_and_is_forgotten(void **state)
{
    (void)state;
    struct guesses *guesses;
    assert_int_equal(guesses_open(&guesses), 0);
    fail_times(guesses, "li", "10.0.0.1", 5, 1000);
    assert_int_equal(guesses_begin(guesses, "li", "10.0.0.1", 1000), 2000);
    assert_int_equal(guesses_begin(guesses, "li", "10.0.0.1", 3000), 0);
    assert_int_equal(guesses_begin(guesses, "li", "10.0.0.1", 3000), 4000);
    int64_t now_ms = 3000;
    for (int i = 0; i < 20; i++) {
        int64_t wait_ms = guesses_begin(guesses, "li", "10.0.0.1", now_ms);
        assert_in_range(wait_ms, 0, 300000);
        now_ms += wait_ms;
    }
    assert_int_equal(guesses_begin(guesses, "li", "10.0.0.1", now_ms + 16 * 60000), 0);
    fail_times(guesses, "li", "10.0.0.1", 4, now_ms + 16 * 60000);
    guesses_close(&guesses);
    assert_null(guesses);
}

/* A user name may look like an address. Five failures of that user must not block the address. */
static void test_names_and_networks_are_counted_apart(void **state)
{
    (void)state;
    struct guesses *guesses;
    assert_int_equal(guesses_open(&guesses), 0);
    fail_times(guesses, "10.1.2.3", "10.0.0.1", 5, 1000);
    assert_int_equal(guesses_begin(guesses, "li", "10.1.2.3", 1000), 0);
    assert_int_equal(guesses_begin(guesses, "10.1.2.3", "10.0.0.2", 1000), 0);
    assert_true(guesses_begin(guesses, "10.1.2.3", "10.0.0.1", 1000) > 0);
    guesses_close(&guesses);
}

/* Many networks guess the password of one user, and one network guesses those of many. The user
 * gets in from where the user logged in before. */
static void test_nobody_locks_a_user_out(void **state)
{
    (void)state;
    struct guesses *guesses;
    char name[32];
    assert_int_equal(guesses_open(&guesses), 0);
    assert_int_equal(guesses_begin(guesses, "li", "10.0.0.1", 1000), 0);
    guesses_succeeded(guesses, "li", "10.0.0.1");
    assert_true(guesses_known(guesses, "li", "10.0.0.1"));
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "10.9.%d.1", i);
        fail_times(guesses, "li", name, 1, 1000);
    }
    assert_true(guesses_begin(guesses, "li", "10.9.200.1", 1000) > 0);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        fail_times(guesses, name, "10.0.0.1", 1, 1000);
    }
    assert_true(guesses_begin(guesses, "wang", "10.0.0.1", 1000) > 0);
    assert_int_equal(guesses_begin(guesses, "li", "10.0.0.1", 1000), 0);
    guesses_close(&guesses);
}

/* A guesser with an account of their own logs in between two guesses. */
static void test_a_success_forgives_nobody_else(void **state)
{
    (void)state;
    struct guesses *guesses;
    char name[32];
    assert_int_equal(guesses_open(&guesses), 0);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        fail_times(guesses, name, "10.0.0.1", 1, 1000);
        if (guesses_begin(guesses, "mallory", "10.0.0.1", 1000) == 0)
            guesses_succeeded(guesses, "mallory", "10.0.0.1");
    }
    assert_true(guesses_begin(guesses, "user20", "10.0.0.1", 1000) > 0);
    /* A try that was not decided leaves no trace. */
    fail_times(guesses, "li", "10.0.0.2", 4, 1000);
    assert_int_equal(guesses_begin(guesses, "li", "10.0.0.2", 1000), 0);
    guesses_undo(guesses, "li", "10.0.0.2");
    assert_int_equal(guesses_begin(guesses, "li", "10.0.0.2", 1000), 0);
    assert_true(guesses_begin(guesses, "li", "10.0.0.2", 1000) > 0);
    guesses_close(&guesses);
}

/* There are more names than a table holds. It stays bounded and keeps the newest. */
static void test_the_table_of_failures_is_bounded(void **state)
{
    (void)state;
    struct guesses *guesses;
    char name[32], network[32];
    assert_int_equal(guesses_open(&guesses), 0);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        snprintf(network, sizeof(network), "10.1.%d.%d", i / 250, i % 250);
        fail_times(guesses, name, network, 5, 10000 + i);
    }
    assert_int_equal(guesses_begin(guesses, name, network, 12999), 2000);
    guesses_close(&guesses);
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
        cmocka_unit_test(test_the_wait_grows_and_is_forgotten),
        cmocka_unit_test(test_names_and_networks_are_counted_apart),
        cmocka_unit_test(test_nobody_locks_a_user_out),
        cmocka_unit_test(test_a_success_forgives_nobody_else),
        cmocka_unit_test(test_the_table_of_failures_is_bounded),
        cmocka_unit_test(test_sessions_are_found_until_they_expire)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
