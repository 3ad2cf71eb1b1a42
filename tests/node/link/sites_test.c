/* SPDX-License-Identifier: GPL-3.0-or-later */
/* To which site a terminal belongs: tokens, codes for them, and guesses of both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/link/guess_limit.h"
#include "node/link/site_codes.h"
#include "node/link/sites.h"

#define MINUTE INT64_C(60000)
#define GENERATED "00112233445566778899aabbccddeeff"

/* Site 0 has the range 10.1.0.0/16, site 1 has the hand-made token "hand" and a generated one. */
struct county {
    struct sites sites;
    struct site items[2];
};

static void set_up(struct county *county)
{
    char bad[64];
    *county = (struct county){.items = {{.id = 1}, {.id = 2, .token = "hand"}}};
    county->sites.items = county->items;
    county->sites.count = 2;
    memcpy(county->items[1].generated_token, GENERATED, SITE_TOKEN_BYTES);
    assert_int_equal(ranges_parse(&county->items[0].ranges, "10.1.0.0/16", bad, sizeof(bad)), 0);
    assert_int_equal(guess_limit_open(&county->sites.guesses, 0), 0);
}

static void tear_down(struct county *county)
{
    guess_limit_close(&county->sites.guesses);
}

static int find(const struct county *county, const char *address, const char *token)
{
    return sites_find(&county->sites, address, token, 1000);
}

static void test_tokens_take_precedence_over_addresses(void **state)
{
    struct county county;
    (void)state;
    set_up(&county);
    assert_int_equal(find(&county, "10.1.2.3", ""), 0);
    assert_int_equal(find(&county, "10.1.2.3", GENERATED), 1);
    assert_int_equal(find(&county, "10.1.2.3", "hand"), 1);
    assert_int_equal(find(&county, "10.1.2.3", "else"), 0);
    assert_int_equal(find(&county, "10.2.2.3", "else"), -1);
    assert_true(sites_generated(&county.sites, GENERATED));
    assert_false(sites_generated(&county.sites, "hand"));
    assert_false(sites_generated(&county.sites, ""));
    tear_down(&county);
}

static void test_tokens_are_not_guessed_without_limit(void **state)
{
    struct county county;
    char guess[16];
    (void)state;
    set_up(&county);
    for (int i = 0; i < 10; i++) {
        snprintf(guess, sizeof(guess), "guess%d", i);
        assert_int_equal(find(&county, "10.2.0.1", guess), -1);
    }
    assert_int_equal(find(&county, "10.2.0.1", "hand"), -1);
    /* Nobody guesses a generated token, so it counts. The address counts as well. */
    assert_int_equal(find(&county, "10.2.0.1", GENERATED), 1);
    assert_int_equal(find(&county, "10.2.0.2", "hand"), 1);
    assert_int_equal(sites_find(&county.sites, "10.2.0.1", "hand", 15 * MINUTE), -1);
    assert_int_equal(sites_find(&county.sites, "10.2.0.1", "hand", 15 * MINUTE + 1000), 1);
    tear_down(&county);
}

/* A box beside the guesser, and one with a token that is no longer valid. */
static void test_a_guesser_does_not_lock_others_out(void **state)
{
    struct county county;
    char guess[16];
    (void)state;
    set_up(&county);
    assert_int_equal(find(&county, "2001:db8::1", "hand"), 1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(find(&county, "2001:db8::7", "old"), -1);
    assert_int_equal(find(&county, "2001:db8::8", "hand"), 1);
    for (int i = 0; i < 100; i++) {
        snprintf(guess, sizeof(guess), "guess%d", i);
        assert_int_equal(find(&county, "2001:db8::9", guess), -1);
    }
    assert_int_equal(find(&county, "2001:db8::1", "hand"), 1);
    assert_int_equal(find(&county, "2001:db8:0:1::1", "hand"), 1);
    tear_down(&county);
}

static void test_guesses_are_limited_in_total(void **state)
{
    struct guess_limit *limit;
    char guess[16], address[32];
    (void)state;
    assert_int_equal(guess_limit_open(&limit, 20), 0);
    assert_true(guess_limit_admit(limit, "10.0.0.200", "right", true, 1000));
    for (int i = 0; i < 20; i++) {
        snprintf(guess, sizeof(guess), "guess%d", i);
        snprintf(address, sizeof(address), "10.0.0.%d", i);
        assert_int_equal(guess_limit_wait_ms(limit, address, 1000), 0);
        assert_false(guess_limit_admit(limit, address, guess, false, 1000));
    }
    assert_int_equal(guess_limit_wait_ms(limit, "10.0.0.100", 1000), 15 * MINUTE);
    assert_false(guess_limit_admit(limit, "10.0.0.100", "right", true, 1000));
    /* A network that has shown a right one before does not wait. */
    assert_int_equal(guess_limit_wait_ms(limit, "10.0.0.200", 1000), 0);
    assert_true(guess_limit_admit(limit, "10.0.0.200", "another", true, 1000));
    assert_int_equal(guess_limit_wait_ms(limit, "10.0.0.100", 1000 + 15 * MINUTE), 0);
    guess_limit_close(&limit);
    guess_limit_close(&limit);
}

static void test_a_code_is_valid_once_and_for_ten_minutes(void **state)
{
    struct site_codes codes = {0};
    char one[SITE_CODE_BYTES], two[SITE_CODE_BYTES];
    (void)state;
    site_codes_make(&codes, 7, 1000, one);
    site_codes_make(&codes, 8, 1000, two);
    assert_int_equal(strspn(one, "0123456789"), 8);
    assert_string_not_equal(one, two);
    assert_int_equal(site_codes_take(&codes, "", 1000), 0);
    assert_int_equal(site_codes_take(&codes, one, 1000 + 10 * MINUTE - 1), 7);
    assert_int_equal(site_codes_take(&codes, one, 1000), 0);
    assert_int_equal(site_codes_take(&codes, two, 1000 + 10 * MINUTE), 0);
    assert_int_equal(site_codes_take(&codes, two, 1000), 0);
    site_codes_make(&codes, 7, 1000, one);
    for (int i = 0; i < SITE_CODES_MAX; i++)
        site_codes_make(&codes, 8, 1000, two);
    assert_int_equal(site_codes_take(&codes, one, 1000), 0);
    assert_int_equal(site_codes_take(&codes, two, 1000), 8);
}

static void test_tokens_have_128_bits(void **state)
{
    char one[SITE_TOKEN_BYTES], two[SITE_TOKEN_BYTES];
    (void)state;
    site_token_generate(one);
    site_token_generate(two);
    assert_int_equal(strspn(one, "0123456789abcdef"), 32);
    assert_int_equal(strlen(one), 32);
    assert_string_not_equal(one, two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_take_precedence_over_addresses),
        cmocka_unit_test(test_tokens_are_not_guessed_without_limit),
        cmocka_unit_test(test_a_guesser_does_not_lock_others_out),
        cmocka_unit_test(test_guesses_are_limited_in_total),
        cmocka_unit_test(test_a_code_is_valid_once_and_for_ten_minutes),
        cmocka_unit_test(test_tokens_have_128_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
