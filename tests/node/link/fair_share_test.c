/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a link is shared, and which terminal is at which site. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/link/fair_share.h"
#include "node/util/ranges.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define U SHARE_UNLIMITED

static void check(const struct share_flow *flows, size_t count, const double *expected)
{
    for (size_t i = 0; i < count; i++)
        if (flows[i].given_bps < expected[i] - 0.5 || flows[i].given_bps > expected[i] + 0.5)
            fail_msg("flow %zu gets %.1f instead of %.1f", i, flows[i].given_bps, expected[i]);
}

/* The second number of a flow is its rank (enum share_rank): 0 is urgent, 1 is viewing, 2 is a
 * download, 3 is a synchronisation. Urgent responses get at most four fifths while others want the
 * rest. */
static void test_shares_by_weight_and_rank(void **state)
{
    static const struct {
        const char *what;
        struct share_group groups[4];
        size_t group_count;
        struct share_flow flows[5];
        size_t flow_count;
        double given[5];
    } cases[] = {
        {"alike", {{.limit_bps = 900}}, 1,
            {{0, 1, 1, U, 0, 0}, {0, 1, 1, U, 0, 0}, {0, 1, 1, U, 0, 0}}, 3, {300, 300, 300}},
        {"what one does not want the others share", {{.limit_bps = 900}}, 1,
            {{0, 1, 1, U, 0, 0}, {0, 1, 1, 100, 0, 0}, {0, 1, 1, U, 0, 0}}, 3, {400, 100, 400}},
        {"by weight", {{.limit_bps = 900}}, 1, {{0, 1, 2, U, 0, 0}, {0, 1, 1, U, 0, 0}}, 2,
            {600, 300}},
        {"viewing before downloads", {{.limit_bps = 900}}, 1,
            {{0, 2, 1, U, 0, 0}, {0, 1, 1, 500, 0, 0}, {0, 3, 9, U, 0, 0}}, 3, {400, 500, 0}},
        {"the urgent leave a fifth", {{.limit_bps = 1000}}, 1,
            {{0, 0, 1, U, 0, 0}, {0, 1, 1, U, 0, 0}}, 2, {800, 200}},
        {"unless nobody views", {{.limit_bps = 1000}}, 1, {{0, 0, 1, U, 0, 0}, {0, 2, 1, U, 0, 0}},
            2, {1000, 0}},
        {"a site's limit holds, others have what is left",
            {{.limit_bps = 1000}, {.parent = 0, .limit_bps = 200}, {.parent = 0, .limit_bps = U}},
            3, {{1, 1, 1, U, 0, 0}, {1, 1, 1, U, 0, 0}, {2, 1, 1, U, 0, 0}}, 3, {100, 100, 800}},
        {"a terminal within a site",
            {{.limit_bps = U}, {.parent = 0, .limit_bps = 600}, {.parent = 1, .limit_bps = 150}}, 3,
            {{2, 1, 1, U, 0, 0}, {2, 1, 1, U, 0, 0}, {1, 1, 1, U, 0, 0}}, 3, {75, 75, 450}},
        {"a site with more viewers has more",
            {{.limit_bps = 900}, {.parent = 0, .limit_bps = U}, {.parent = 0, .limit_bps = U}}, 3,
            {{1, 1, 1, U, 0, 0}, {1, 1, 1, U, 0, 0}, {2, 1, 1, U, 0, 0}}, 3, {300, 300, 300}},
        {"downloads have what a site's viewers leave",
            {{.limit_bps = 1000}, {.parent = 0, .limit_bps = 300}}, 2,
            {{1, 1, 1, 100, 0, 0}, {1, 2, 1, U, 0, 0}, {0, 2, 1, U, 0, 0}}, 3, {100, 200, 700}},
        {"nothing to share", {{.limit_bps = 0}}, 1, {{0, 1, 1, U, 0, 0}}, 1, {0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct share_group groups[4];
        struct share_flow flows[5];
        memcpy(groups, cases[i].groups, sizeof(groups));
        memcpy(flows, cases[i].flows, sizeof(flows));
        print_message("%s\n", cases[i].what);
        assert_int_equal(
            shares_compute(groups, cases[i].group_count, flows, cases[i].flow_count, 0.8), 0);
        check(flows, cases[i].flow_count, cases[i].given);
    }
}

/* For random demands: no limit is exceeded, nobody gets more than it wants, and nothing is left
 * over that somebody could use. */
static void test_random_shares_keep_all_limits(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 300; round++) {
        struct share_group groups[12] = {{.limit_bps = 1 + rand() % 10000}};
        struct share_flow flows[40];
        double used[12] = {0};
        for (size_t g = 1; g < COUNT(groups); g++)
            groups[g] = (struct share_group){
                .parent = (size_t)rand() % g, .limit_bps = rand() % 3 ? rand() % 3000 : U};
        for (size_t f = 0; f < COUNT(flows); f++)
            flows[f] = (struct share_flow){(size_t)rand() % COUNT(groups),
                (enum share_rank)(rand() % SHARE_RANKS), 0.5 + rand() % 4,
                rand() % 3 ? rand() % 1000 : U, 0, 0};
        assert_int_equal(shares_compute(groups, COUNT(groups), flows, COUNT(flows), 0.8), 0);
        for (size_t f = 0; f < COUNT(flows); f++) {
            assert_true(
                flows[f].given_bps >= 0 && flows[f].given_bps <= flows[f].wanted_bps + 0.01);
            used[flows[f].group] += flows[f].given_bps;
        }
        for (size_t g = COUNT(groups); g-- > 0;) {
            assert_true(used[g] <= groups[g].limit_bps + 0.01);
            if (g > 0)
                used[groups[g].parent] += used[g];
        }
        for (size_t f = 0; f < COUNT(flows); f++) {
            bool full = flows[f].given_bps >= flows[f].wanted_bps - 0.01;
            for (size_t g = flows[f].group; !full; g = groups[g].parent) {
                full = used[g] >= groups[g].limit_bps - 0.01;
                if (g == 0)
                    break;
            }
            assert_true(full);
        }
    }
}

static void test_ranges_contain_addresses(void **state)
{
    static const struct {
        const char *text, *address;
        int match; /* length of the matching prefix in IPv6, plus 1; 0: no match; -1: the text is
                    * refused */
    } cases[] = {
        {"", "10.1.2.3", 0},
        {"10.1.0.0/16", "10.1.2.3", 113},
        {"10.1.0.0/16", "10.2.2.3", 0},
        {"10.1.0.0/16, 10.1.2.3", "10.1.2.3", 129},
        {"10.1.2.3,10.1.0.0/16", "10.1.2.3", 129},
        {"10.1.2.9/24", "10.1.2.3", 121},
        {"0.0.0.0/0", "1.2.3.4", 97},
        {"0.0.0.0/0", "fd00::1", 0},
        {"fd00:1::/32", "fd00:1::7", 33},
        {"::/0", "10.0.0.1", 1},
        {"10.1.2.3", "no address", 0},
        {"10.1.0.0/33", "", -1},
        {"10.1.0.0/", "", -1},
        {"10.1.0.0/x", "", -1},
        {"10.1.0", "", -1},
        {"fd00::/129", "", -1},
        {"village", "", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ranges ranges;
        char message[200] = "";
        int error = ranges_parse(&ranges, cases[i].text, message, sizeof(message));
        assert_int_equal(error < 0 ? -1 : ranges_match(&ranges, cases[i].address), cases[i].match);
        assert_int_equal(error < 0, message[0] != '\0');
    }
}

static void test_ranges_are_written_shortly(void **state)
{
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"", ""},
        {"10.1.2.3/16,10.9.0.7  10.9.0.8/32", "10.1.0.0/16, 10.9.0.7, 10.9.0.8"},
        {"0.0.0.0/0 fd00:1:0::7/32", "0.0.0.0/0, fd00:1::/32"},
        {"::ffff:10.1.2.3 ::/0 fd00::1", "10.1.2.3, ::/0, fd00::1"},
        {"::ffff:0:0/90", "::ffc0:0:0/90"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ranges ranges;
        char bad[64], written[RANGES_TEXT_BYTES];
        assert_int_equal(ranges_parse(&ranges, cases[i].text, bad, sizeof(bad)), 0);
        ranges_format(&ranges, written);
        assert_string_equal(written, cases[i].written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_by_weight_and_rank),
        cmocka_unit_test(test_random_shares_keep_all_limits),
        cmocka_unit_test(test_ranges_contain_addresses),
        cmocka_unit_test(test_ranges_are_written_shortly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
