/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions go on when somebody sets the clock: a node that starts in 1970, and steps of a day. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "node/auth/auth.h"
#include "node/auth/auth_internal.h"
#include "node/util/clock.h"
#include "tests/node/hls/lesson_fixture.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define YEAR_2026_MS INT64_C(1796000000000)

/* Stand-ins for the clocks; see CMakeLists.txt. */
static int64_t wall_ms, mono_ms;
int64_t __wrap_clock_wall_ms(void);
int64_t __wrap_clock_mono_ms(void);

int64_t __wrap_clock_wall_ms(void)
{
    return wall_ms;
}

int64_t __wrap_clock_mono_ms(void)
{
    return mono_ms;
}

static void pass(int64_t ms)
{
    wall_ms += ms;
    mono_ms += ms;
}

/* Stores a session as a login does. */
static void log_in(struct auth *auth, struct catalog *catalog, const char *token)
{
    struct catalog_session session = {.user = "li",
        .csrf = "x",
        .expires_ms = mono_ms + auth->clock_offset_ms + auth->session_ms};
    sessions_token_hash(token, session.token_sha256);
    assert_int_equal(catalog_session_add(catalog, &session, "10.0.0.1", wall_ms), CATALOG_OK);
    session.expires_ms -= auth->clock_offset_ms;
    assert_int_equal(sessions_add(auth->sessions, &session), 0);
}

static bool is_in(struct auth *auth, const char *token)
{
    struct catalog_session found;
    return sessions_find(auth->sessions, token, mono_ms, &found);
}

static struct auth *open_auth(struct catalog *catalog)
{
    const struct auth_params params = {.catalog = catalog, .session_ms = 12 * HOUR_MS};
    struct auth *auth;
    assert_int_equal(auth_open(&auth, &params), 0);
    return auth;
}

/* The step is the clock's; it must change nothing for the session, which lasts twelve hours. The
 * node is restarted after the step as well. */
static void check_step(int64_t begin_ms, int64_t step_ms)
{
    struct lesson_fixture fixture = {0};
    wall_ms = begin_ms;
    mono_ms = 5000;
    lesson_fixture_open(&fixture);
    assert_int_equal(
        catalog_user_add(fixture.catalog, "li", CATALOG_ROLE_OPERATOR, "hash", wall_ms),
        CATALOG_OK);
    struct auth *auth = open_auth(fixture.catalog);
    log_in(auth, fixture.catalog, "token");
    pass(HOUR_MS);
    wall_ms += step_ms;
    assert_true(is_in(auth, "token"));
    assert_int_equal(auth_refresh(auth, fixture.catalog), 0);
    assert_true(is_in(auth, "token"));
    pass(10 * HOUR_MS);
    assert_int_equal(auth_refresh(auth, fixture.catalog), 0);
    assert_true(is_in(auth, "token"));
    auth_close(&auth);
    auth = open_auth(fixture.catalog);
    assert_true(is_in(auth, "token"));
    pass(2 * HOUR_MS);
    assert_false(is_in(auth, "token"));
    assert_int_equal(auth_refresh(auth, fixture.catalog), 0);
    assert_false(is_in(auth, "token"));
    auth_close(&auth);
    lesson_fixture_close(&fixture);
}

static void test_a_step_of_the_clock_ends_no_session(void **state)
{
    (void)state;
    check_step(YEAR_2026_MS, 0);
    check_step(YEAR_2026_MS, DAY_MS);
    check_step(YEAR_2026_MS, -DAY_MS);
    check_step(10000, YEAR_2026_MS);
}

/* A session of last year is still in the catalog of a machine that starts in 1970 for want of a
 * battery. It must not become valid for decades when the clock is set. */
static void test_old_sessions_do_not_come_back(void **state)
{
    struct lesson_fixture fixture = {0};
    (void)state;
    wall_ms = YEAR_2026_MS;
    mono_ms = 5000;
    lesson_fixture_open(&fixture);
    assert_int_equal(
        catalog_user_add(fixture.catalog, "li", CATALOG_ROLE_OPERATOR, "hash", wall_ms),
        CATALOG_OK);
    struct auth *auth = open_auth(fixture.catalog);
    log_in(auth, fixture.catalog, "token");
    auth_close(&auth);
    wall_ms = 10000;
    auth = open_auth(fixture.catalog);
    wall_ms = YEAR_2026_MS + 30 * DAY_MS;
    assert_int_equal(auth_refresh(auth, fixture.catalog), 0);
    assert_false(is_in(auth, "token"));
    auth_close(&auth);
    lesson_fixture_close(&fixture);
}

/* The clock was years ahead when somebody logged in, and is right at the next start. */
static void test_a_session_of_the_future_lasts_no_longer_than_others(void **state)
{
    struct lesson_fixture fixture = {0};
    (void)state;
    wall_ms = YEAR_2026_MS + 1000 * DAY_MS;
    mono_ms = 5000;
    lesson_fixture_open(&fixture);
    assert_int_equal(
        catalog_user_add(fixture.catalog, "li", CATALOG_ROLE_OPERATOR, "hash", wall_ms),
        CATALOG_OK);
    struct auth *auth = open_auth(fixture.catalog);
    log_in(auth, fixture.catalog, "token");
    auth_close(&auth);
    wall_ms = YEAR_2026_MS;
    auth = open_auth(fixture.catalog);
    assert_true(is_in(auth, "token"));
    pass(12 * HOUR_MS);
    assert_int_equal(auth_refresh(auth, fixture.catalog), 0);
    assert_false(is_in(auth, "token"));
    auth_close(&auth);
    lesson_fixture_close(&fixture);
}

/* The node is restarted while the clock is a day ahead, and somebody logs in. */
static void test_a_login_while_the_clock_is_ahead_ends_no_other_session(void **state)
{
    struct lesson_fixture fixture = {0};
    (void)state;
    wall_ms = YEAR_2026_MS;
    mono_ms = 5000;
    lesson_fixture_open(&fixture);
    assert_int_equal(
        catalog_user_add(fixture.catalog, "li", CATALOG_ROLE_OPERATOR, "hash", wall_ms),
        CATALOG_OK);
    struct auth *auth = open_auth(fixture.catalog);
    log_in(auth, fixture.catalog, "token");
    auth_close(&auth);
    wall_ms += DAY_MS;
    auth = open_auth(fixture.catalog);
    assert_false(is_in(auth, "token"));
    log_in(auth, fixture.catalog, "other");
    wall_ms -= DAY_MS;
    assert_int_equal(auth_refresh(auth, fixture.catalog), 0);
    assert_true(is_in(auth, "token"));
    assert_true(is_in(auth, "other"));
    auth_close(&auth);
    lesson_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_step_of_the_clock_ends_no_session),
        cmocka_unit_test(test_old_sessions_do_not_come_back),
        cmocka_unit_test(test_a_session_of_the_future_lasts_no_longer_than_others),
        cmocka_unit_test(test_a_login_while_the_clock_is_ahead_ends_no_other_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
