/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rate that each response gets: by link, by site, by what players report and by what their own
 * links carry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/http/parse/cmcd.h"
#include "node/link/flows.h"

/* The share of the wire's bytes that is payload. */
#define PAYLOAD(bps) ((int64_t)((bps)*0.965))

struct bench {
    struct flows *flows;
    struct sites sites;
    struct site items[4];
    struct site_time local;
    int64_t now_ms;
    uint64_t acked[32];
    int shared_from; /* connections from this one on come from one address; 0: none */
};

static void set_up(struct bench *b, int64_t uplink_bps)
{
    *b = (struct bench){.now_ms = 1000, .local = {20261127, 12 * 60}};
    b->sites.items = b->items;
    b->sites.uplink_bps = uplink_bps;
    assert_int_equal(flows_open(&b->flows), 0);
}

static void add_site(struct bench *b, const char *ranges, int64_t cap_bps)
{
    struct site *site = &b->items[b->sites.count++];
    char message[200];
    site->cap_bps = cap_bps;
    snprintf(site->token, sizeof(site->token), "token%zu", b->sites.count);
    assert_int_equal(ranges_parse(&site->ranges, ranges, message, sizeof(message)), 0);
}

static void write_peer(const struct bench *b, int n, char peer[32])
{
    int last = b->shared_from && n > b->shared_from ? b->shared_from : n;
    snprintf(peer, 32, "10.0.0.%d", last);
}

/* Asks for the pace of connection n, whose terminal is 10.0.0.n. */
static struct http_pace look(struct bench *b, int n, const char *said, const char *query)
{
    struct cmcd cmcd;
    char peer[32];
    struct http_flow flow = {.conn_id = (uint64_t)n,
        .peer = peer,
        .path = "/v/1/1/v48/1.m4s",
        .query = query,
        .site = "",
        .cmcd = &cmcd,
        .sent_bytes = b->acked[n],
        .acked_bytes = b->acked[n],
        .sending = true};
    write_peer(b, n, peer);
    cmcd_init(&cmcd);
    cmcd_parse(&cmcd, said);
    return flows_update(b->flows, &b->sites, &flow, &b->local, b->now_ms);
}

/* Lets one second pass. Each of the first `count` connections takes the rate that it is given, but
 * at most what its own link carries (0: no limit). */
static void pass(struct bench *b, int count, const char *const *said, const int64_t *own_bps)
{
    for (int quarter = 0; quarter < 4; quarter++) {
        b->now_ms += 250;
        for (int n = 1; n <= count; n++) {
            struct http_pace pace = look(b, n, said ? said[n] : "", "");
            int64_t bps = pace.rate_bps;
            if (own_bps && own_bps[n] > 0 && (bps == 0 || bps > own_bps[n]))
                bps = own_bps[n];
            b->acked[n] += (uint64_t)bps / 32;
        }
    }
}

static int64_t rate(struct bench *b, int n, const char *said)
{
    return look(b, n, said, "").rate_bps;
}

static void test_without_a_limit_nothing_is_paced(void **state)
{
    struct bench b;
    (void)state;
    set_up(&b, 0);
    struct http_pace pace = look(&b, 1, "", "");
    assert_int_equal(pace.rate_bps, 0);
    assert_false(pace.held_back);
    flows_close(&b.flows);
}

static void test_equal_flows_get_equal_shares(void **state)
{
    struct bench b;
    (void)state;
    set_up(&b, 800000);
    assert_int_equal(rate(&b, 1, ""), PAYLOAD(800000));
    pass(&b, 8, NULL, NULL);
    for (int n = 1; n <= 8; n++) {
        struct http_pace pace = look(&b, n, "", "");
        assert_in_range(pace.rate_bps, PAYLOAD(100000) - 10, PAYLOAD(100000) + 10);
        assert_true(pace.held_back);
    }
    flows_close(&b.flows);
}

/* What a slow terminal cannot use is given to the others. */
static void test_a_slow_link_leaves_its_share_to_others(void **state)
{
    static const int64_t own_bps[] = {0, 50000, 0, 0};
    struct bench b;
    (void)state;
    set_up(&b, 900000);
    for (int second = 0; second < 10; second++)
        pass(&b, 3, NULL, own_bps);
    assert_in_range(rate(&b, 1, ""), 50000, 80000);
    assert_in_range(rate(&b, 2, ""), 380000, 420000);
    flows_close(&b.flows);
}

static void test_starving_players_come_first(void **state)
{
    static const char *const said[] = {"", "bl=0,bs", "bl=30000", "bl=90000"};
    struct bench b;
    int64_t rates[4];
    (void)state;
    set_up(&b, 1000000);
    pass(&b, 3, said, NULL);
    for (int n = 1; n <= 3; n++)
        rates[n] = rate(&b, n, said[n]);
    assert_in_range(rates[1], PAYLOAD(795000), PAYLOAD(805000));
    assert_in_range(rates[2], rates[3] * 19 / 10, rates[3] * 21 / 10);
    flows_close(&b.flows);
}

static void test_the_requested_maximum_is_respected(void **state)
{
    static const char *const said[] = {"", "rtp=100", "", ""};
    struct bench b;
    (void)state;
    set_up(&b, 1000000);
    pass(&b, 2, said, NULL);
    assert_int_equal(rate(&b, 1, "rtp=100"), 125000);
    assert_in_range(rate(&b, 2, ""), PAYLOAD(1000000) - 126000, PAYLOAD(1000000) - 124000);
    flows_close(&b.flows);
}

static void test_downloads_come_last(void **state)
{
    struct bench b;
    (void)state;
    set_up(&b, 1000000);
    look(&b, 1, "", "download=1");
    look(&b, 2, "", "a=b&purpose=sync");
    look(&b, 3, "", "");
    b.now_ms += 1000;
    look(&b, 3, "", "");
    assert_int_equal(look(&b, 1, "", "download=1").rate_bps, 8000);
    assert_int_equal(look(&b, 2, "", "a=b&purpose=sync").rate_bps, 8000);
    assert_in_range(rate(&b, 3, ""), PAYLOAD(1000000) - 1, PAYLOAD(1000000));
    flows_close(&b.flows);
}

static void test_site_limits_hold(void **state)
{
    struct bench b;
    (void)state;
    set_up(&b, 1000000);
    add_site(&b, "10.0.0.1, 10.0.0.2", 100000);
    pass(&b, 3, NULL, NULL);
    assert_in_range(rate(&b, 1, ""), PAYLOAD(50000) - 10, PAYLOAD(50000) + 10);
    assert_in_range(rate(&b, 3, ""), PAYLOAD(900000) - 10, PAYLOAD(900000) + 10);
    look(&b, 2, "", "");
    assert_true(b.items[0].today_bytes > 0);
    assert_int_equal(b.items[0].today_bytes, b.acked[1] + b.acked[2]);
    assert_int_equal(flows_sum_of(b.flows, 0).count, 2);
    /* When the site is over its budget, each of its terminals gets 60 kbit/s. */
    b.items[0].cap_bps = 0;
    b.items[0].budget_bytes = 1;
    b.now_ms += 300;
    look(&b, 1, "", "");
    assert_int_equal(rate(&b, 1, ""), PAYLOAD(60000));
    assert_int_equal(site_terminal_cap_bps(&b.items[0]), 60000);
    b.items[0].terminal_cap_bps = 50000;
    assert_int_equal(site_terminal_cap_bps(&b.items[0]), 50000);
    flows_close(&b.flows);
}

/* A download that goes on after the allowed hours is slowed to almost nothing. */
static void test_downloads_outside_their_hours_are_held_back(void **state)
{
    struct bench b;
    (void)state;
    set_up(&b, 0);
    add_site(&b, "10.0.0.0/24", 0);
    b.items[0].download_from_minute = 22 * 60;
    b.items[0].download_to_minute = 6 * 60;
    assert_int_equal(look(&b, 1, "", "download=1").rate_bps, 8000);
    assert_int_equal(look(&b, 2, "", "").rate_bps, 0);
    assert_int_equal(site_download_wait_minutes(&b.items[0], 12 * 60), 600);
    assert_int_equal(site_download_wait_minutes(&b.items[0], 23 * 60), 0);
    assert_int_equal(site_download_wait_minutes(&b.items[0], 5 * 60), 0);
    b.items[0].budget_bytes = b.items[0].today_bytes = 5;
    assert_int_equal(site_download_wait_minutes(&b.items[0], 23 * 60), 60);
    flows_close(&b.flows);
}

static void test_estimates_follow_transfers(void **state)
{
    struct bench b;
    struct cmcd cmcd;
    struct http_flow flow = {.conn_id = 1,
        .peer = "10.0.0.1",
        .path = "",
        .query = "",
        .site = "",
        .cmcd = &cmcd,
        .sending = true,
        .delivery_rate_bps = 300000};
    (void)state;
    set_up(&b, 0);
    cmcd_init(&cmcd);
    assert_int_equal(flows_estimate_bps(b.flows, "10.0.0.1"), 0);
    flows_update(b.flows, &b.sites, &flow, &b.local, b.now_ms);
    assert_int_equal(flows_estimate_bps(b.flows, "10.0.0.1"), 300000);
    flow.delivery_rate_bps = 0; /* 0 means unknown */
    flows_update(b.flows, &b.sites, &flow, &b.local, b.now_ms);
    flow.delivery_rate_bps = 100000;
    flows_update(b.flows, &b.sites, &flow, &b.local, b.now_ms);
    assert_int_equal(flows_estimate_bps(b.flows, "10.0.0.1"), 260000);
    flows_close(&b.flows);
}

/* Connections come and go in any order. There are many more than the table keeps. */
static void test_many_flows_come_and_go(void **state)
{
    struct bench b;
    struct cmcd cmcd;
    char peer[32];
    struct http_flow flow = {.peer = peer, .path = "", .query = "", .site = "", .sending = true};
    (void)state;
    set_up(&b, 1000000);
    cmcd_init(&cmcd);
    for (int i = 0; i < 60000; i++) {
        snprintf(peer, sizeof(peer), "10.%d.%d.%d", i / 65536, i / 256 % 256, i % 256);
        flow.conn_id = (uint64_t)i;
        flow.cmcd = &cmcd;
        flow.acked_bytes = 10;
        flows_update(b.flows, &b.sites, &flow, &b.local, b.now_ms++);
        flow.conn_id = (uint64_t)(i > 100 ? i - 100 : 0);
        flow.cmcd = NULL;
        flows_update(b.flows, &b.sites, &flow, &b.local, b.now_ms);
    }
    assert_true(flows_sum_of(b.flows, -1).count <= 101);
    flows_close(&b.flows);
}

/* Connection 1 has an address of its own. The others share one, and claim to be a session each. */
static void test_invented_sessions_bring_nothing(void **state)
{
    static const char *const said[] = {"", "", "sid=\"a\"", "sid=\"b\"", "sid=\"c\"", "sid=\"d\"",
        "sid=\"e\"", "sid=\"f\"", "sid=\"g\""};
    struct bench b;
    (void)state;
    set_up(&b, 900000);
    b.shared_from = 2;
    pass(&b, 8, said, NULL);
    /* An address weighs at most twice as much as one viewer. */
    assert_true(rate(&b, 1, "") >= PAYLOAD(300000) - 100);
    for (int n = 2; n <= 8; n++)
        assert_in_range(
            rate(&b, n, said[n]), PAYLOAD(600000.0 / 7) - 100, PAYLOAD(600000.0 / 7) + 100);
    flows_close(&b.flows);
}

/* Delivers [from_s, to_s) of a rendition on connection n. */
static void deliver(struct bench *b, int n, bool sound, int from_s, int to_s)
{
    char peer[32];
    const struct http_delivered delivered = {.conn_id = (uint64_t)n,
        .peer = peer,
        .path = sound ? "/v/1/1/a32/1.m4s" : "/v/1/1/v48/1.m4s",
        .sound = sound,
        .from_ms = from_s * 1000,
        .to_ms = to_s * 1000};
    write_peer(b, n, peer);
    flows_delivered(b->flows, &delivered, b->now_ms);
}

/* Returns what connection 1 gets while connection 2 is watching with a good buffer. */
static int64_t rate_beside_viewer(struct bench *b, const char *said)
{
    b->now_ms += 300;
    rate(b, 1, said);
    rate(b, 2, "bl=30000,sid=\"other\"");
    b->now_ms += 300;
    return rate(b, 1, said);
}

static void test_a_claim_is_not_believed_against_the_deliveries(void **state)
{
    static const char *const claims[] = {"bl=0", "su", "bs", "sta=r", "bl=10000"};
    (void)state;
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        struct bench b;
        set_up(&b, 1000000);
        int64_t before = rate_beside_viewer(&b, claims[i]);
        assert_true(before > PAYLOAD(660000)); /* urgent, or twice the weight */
        /* Sound and pictures of the same three minutes are three minutes. */
        deliver(&b, 1, true, 0, 180);
        deliver(&b, 1, false, 0, 180);
        assert_int_equal(rate_beside_viewer(&b, claims[i]), before);
        /* Other parts, or the same ones once more: both were delivered. */
        deliver(&b, 1, false, 90, 100);
        assert_in_range(
            rate_beside_viewer(&b, claims[i]), PAYLOAD(500000) - 10, PAYLOAD(500000) + 10);
        b.now_ms += 20000;
        assert_int_equal(rate_beside_viewer(&b, claims[i]), before);
        flows_close(&b.flows);
    }
}

/* After a lot of skipping the surplus is large. It doesn't take long until the player is believed
 * again. At double speed it takes half the time. */
static void test_a_player_is_believed_again_soon(void **state)
{
    struct bench b;
    (void)state;
    set_up(&b, 1000000);
    int64_t before = rate_beside_viewer(&b, "bl=0,pr=2");
    for (int i = 0; i < 20; i++)
        deliver(&b, 1, false, 0, 100);
    assert_true(rate_beside_viewer(&b, "bl=0,pr=2") < before);
    b.now_ms += 15000;
    assert_int_equal(rate_beside_viewer(&b, "bl=0,pr=2"), before);
    flows_close(&b.flows);
}

/* Each session is new, and so each says rightly that its buffer is empty. */
static void test_invented_sessions_are_not_urgent_for_ever(void **state)
{
    struct bench b;
    char said[40];
    int urgent = 0;
    (void)state;
    set_up(&b, 1000000);
    for (int i = 0; i < 40; i++) {
        snprintf(said, sizeof(said), "su,sid=\"%d\"", i);
        urgent += rate_beside_viewer(&b, said) > PAYLOAD(700000);
        deliver(&b, 1, false, 0, 30);
    }
    /* 10 min, and what passed meanwhile */
    assert_in_range(urgent, 20, 22);
    flows_close(&b.flows);
}

static void test_what_is_fetched_far_ahead_is_a_download(void **state)
{
    struct bench b;
    (void)state;
    set_up(&b, 1000000);
    assert_true(rate_beside_viewer(&b, "") > PAYLOAD(490000));
    deliver(&b, 1, false, 0, 15 * 60);
    assert_true(rate_beside_viewer(&b, "") > PAYLOAD(490000));
    deliver(&b, 1, false, 15 * 60, 30 * 60);
    assert_int_equal(rate_beside_viewer(&b, ""), FLOWS_MIN_BPS);
    assert_int_equal(rate_beside_viewer(&b, "bl=0,su,sid=\"new\""), FLOWS_MIN_BPS);
    /* Somebody else is not held up by it, and it does not last long. */
    assert_true(rate(&b, 3, "") > PAYLOAD(400000));
    b.now_ms += 12000;
    assert_true(rate_beside_viewer(&b, "") > PAYLOAD(490000));
    flows_close(&b.flows);
}

static void test_far_ahead_keeps_to_the_hours_of_the_site(void **state)
{
    struct bench b;
    (void)state;
    set_up(&b, 0);
    add_site(&b, "10.0.0.1", 0);
    b.items[0].download_from_minute = 22 * 60;
    b.items[0].download_to_minute = 6 * 60;
    assert_int_equal(rate(&b, 1, ""), 0);
    deliver(&b, 1, false, 0, 20 * 60);
    b.now_ms += 300;
    assert_int_equal(rate(&b, 1, ""), FLOWS_MIN_BPS);
    flows_close(&b.flows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_limit_nothing_is_paced),
        cmocka_unit_test(test_equal_flows_get_equal_shares),
        cmocka_unit_test(test_invented_sessions_bring_nothing),
        cmocka_unit_test(test_a_slow_link_leaves_its_share_to_others),
        cmocka_unit_test(test_starving_players_come_first),
        cmocka_unit_test(test_the_requested_maximum_is_respected),
        cmocka_unit_test(test_downloads_come_last),
        cmocka_unit_test(test_site_limits_hold),
        cmocka_unit_test(test_downloads_outside_their_hours_are_held_back),
        cmocka_unit_test(test_estimates_follow_transfers),
        cmocka_unit_test(test_many_flows_come_and_go),
        cmocka_unit_test(test_a_claim_is_not_believed_against_the_deliveries),
        cmocka_unit_test(test_a_player_is_believed_again_soon),
        cmocka_unit_test(test_invented_sessions_are_not_urgent_for_ever),
        cmocka_unit_test(test_what_is_fetched_far_ahead_is_a_download),
        cmocka_unit_test(test_far_ahead_keeps_to_the_hours_of_the_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
