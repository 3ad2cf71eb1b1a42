/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/link/link.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/link/flows.h"
#include "node/link/sites.h"
#include "node/util/clock.h"
#include "node/util/log.h"

struct link {
    pthread_mutex_t lock; /* protects everything below */
    struct flows *flows;
    struct guess_limit *token_guesses, *code_guesses;
    struct site_codes codes;
    struct sites sites; /* replaced by the main thread and by pool threads */
    struct site_time local;
    int64_t local_ms;       /* monotonic: when local was looked up; 0: never */
    atomic_bool has_limits; /* of the uplink or of a site: what players claim matters; any thread */
};

/* In 15 min, of all networks together. There are 10^8 codes, and at most SITE_CODES_MAX are valid. */
#define MAX_WRONG_CODES 300

/* How long the local day and minute are cached, since localtime() is slow. */
#define LOCAL_TIME_MS 10000

/* Returns the local day and minute. The caller holds the lock. */
static struct site_time local_time(struct link *link, int64_t mono_ms)
{
    if (link->local_ms == 0 || mono_ms - link->local_ms >= LOCAL_TIME_MS) {
        link->local = site_time_of(clock_wall_ms());
        link->local_ms = mono_ms;
    }
    return link->local;
}

int link_reload(struct link *link, struct catalog *catalog)
{
    struct site_time local = site_time_of(clock_wall_ms());
    struct catalog_sites rows;
    struct sites sites, before;
    int error = catalog_sites(catalog, local.day, &rows);
    if (error) {
        log_write(LOG_WARN, "link", "the sites: %s", catalog_message(catalog));
        return -EIO;
    }
    error = sites_make(&sites, &rows, local.day);
    catalog_sites_free(&rows);
    if (error)
        return error;
    pthread_mutex_lock(&link->lock);
    before = link->sites;
    for (size_t i = 0; i < sites.count; i++)
        for (size_t n = 0; n < before.count; n++)
            if (sites.items[i].id == before.items[n].id && before.day == sites.day) {
                sites.items[i].unwritten_bytes = before.items[n].unwritten_bytes;
                sites.items[i].today_bytes += before.items[n].unwritten_bytes;
            }
    sites.guesses = link->token_guesses;
    link->sites = sites;
    atomic_store(&link->has_limits, sites.uplink_bps > 0 || sites.count > 0);
    flows_replace_sites(link->flows, &link->sites, clock_mono_ms());
    pthread_mutex_unlock(&link->lock);
    sites_free(&before);
    return 0;
}

int link_open(struct link **out, struct catalog *catalog)
{
    struct link *link = calloc(1, sizeof(*link));
    *out = NULL;
    if (!link)
        return -ENOMEM;
    pthread_mutex_init(&link->lock, NULL);
    int error = flows_open(&link->flows);
    if (!error)
        error = guess_limit_open(&link->token_guesses, 0);
    if (!error)
        error = guess_limit_open(&link->code_guesses, MAX_WRONG_CODES);
    if (!error && catalog)
        error = link_reload(link, catalog);
    if (error) {
        link_close(&link);
        return error;
    }
    *out = link;
    return 0;
}

void link_close(struct link **link)
{
    if (!*link)
        return;
    flows_close(&(*link)->flows);
    guess_limit_close(&(*link)->token_guesses);
    guess_limit_close(&(*link)->code_guesses);
    sites_free(&(*link)->sites);
    pthread_mutex_destroy(&(*link)->lock);
    free(*link);
    *link = NULL;
}

/* ---- while responses are sent ---- */

struct http_pace link_pace(const struct http_flow *flow, void *ctx)
{
    struct link *link = ctx;
    int64_t mono_ms = clock_mono_ms();
    pthread_mutex_lock(&link->lock);
    struct site_time local = local_time(link, mono_ms);
    struct http_pace pace = flows_update(link->flows, &link->sites, flow, &local, mono_ms);
    pthread_mutex_unlock(&link->lock);
    return pace;
}

void link_delivered(const struct http_delivered *delivered, void *ctx)
{
    struct link *link = ctx;
    if (!atomic_load(&link->has_limits))
        return;
    pthread_mutex_lock(&link->lock);
    flows_delivered(link->flows, delivered, clock_mono_ms());
    pthread_mutex_unlock(&link->lock);
}

/* Returns the lower of two rates. 0 means unknown or unlimited. */
static int64_t lower(int64_t a_bps, int64_t b_bps)
{
    return a_bps == 0 || (b_bps > 0 && b_bps < a_bps) ? b_bps : a_bps;
}

int64_t link_estimate_bps(const struct http_request *req, void *ctx)
{
    struct link *link = ctx;
    const char *peer = http_request_peer(req);
    char token[SITE_NAME_BYTES];
    http_request_site(req, token, sizeof(token));
    pthread_mutex_lock(&link->lock);
    int64_t bps = lower(flows_estimate_bps(link->flows, peer), link->sites.uplink_bps);
    int number = sites_find(&link->sites, peer, token, clock_mono_ms());
    if (number >= 0) {
        const struct site *site = &link->sites.items[number];
        bps = lower(lower(bps, site->cap_bps), site_terminal_cap_bps(site));
    }
    pthread_mutex_unlock(&link->lock);
    return bps;
}

void link_site_name(const struct http_request *req, struct link *link, char *name)
{
    char token[SITE_NAME_BYTES];
    name[0] = '\0';
    http_request_site(req, token, sizeof(token));
    pthread_mutex_lock(&link->lock);
    int number = sites_find(&link->sites, http_request_peer(req), token, clock_mono_ms());
    if (number >= 0)
        memcpy(name, link->sites.items[number].name, SITE_NAME_BYTES);
    pthread_mutex_unlock(&link->lock);
}

struct link_site_traffic link_site_traffic(struct link *link, int64_t site_id)
{
    struct link_site_traffic traffic = {0};
    pthread_mutex_lock(&link->lock);
    for (size_t i = 0; i < link->sites.count; i++)
        if (link->sites.items[i].id == site_id) {
            struct flows_sum sum = flows_sum_of(link->flows, (int)i);
            traffic = (struct link_site_traffic){
                .responses = sum.count,
                .given_bps = sum.given_bps,
                .unwritten_bytes = link->sites.items[i].unwritten_bytes,
            };
        }
    pthread_mutex_unlock(&link->lock);
    return traffic;
}

/* Returns how many minutes the asking terminal must wait with a download. Copies the name of its
 * site, if it has one. */
static int download_wait_minutes(struct link *link, struct http_request *req, char *name)
{
    char token[SITE_NAME_BYTES];
    int site, wait = 0;
    http_request_site(req, token, sizeof(token));
    pthread_mutex_lock(&link->lock);
    site = sites_find(&link->sites, http_request_peer(req), token, clock_mono_ms());
    if (site >= 0) {
        wait = site_download_wait_minutes(
            &link->sites.items[site], local_time(link, clock_mono_ms()).minute);
        memcpy(name, link->sites.items[site].name, SITE_NAME_BYTES);
    }
    pthread_mutex_unlock(&link->lock);
    return wait;
}

bool link_admit(struct http_request *req, struct link *link)
{
    char wanted[8], name[SITE_NAME_BYTES], zh[320], en[320];
    if (http_request_param(req, "download", wanted, sizeof(wanted)) != 1 || wanted[0] != '1')
        return true;
    int wait = download_wait_minutes(link, req, name);
    if (wait == 0)
        return true;
    snprintf(zh, sizeof(zh), "“%s”现在不能下载，请在%d小时%d分钟后再试（在线观看不受影响）", name,
        wait / 60, wait % 60);
    snprintf(en, sizeof(en),
        "\"%s\" can't download now: try again in %d h %d min. Lessons can be watched meanwhile.",
        name, wait / 60, wait % 60);
    http_response_headerf(req, "Retry-After", "%d", wait * 60);
    http_response_header(req, "Cache-Control", "no-store");
    http_respond_error(req, 503, "download_later", zh, en);
    return false;
}

/* ---- codes ---- */

void link_site_code(struct link *link, int64_t site_id, char code[SITE_CODE_BYTES])
{
    pthread_mutex_lock(&link->lock);
    site_codes_make(&link->codes, site_id, clock_mono_ms(), code);
    pthread_mutex_unlock(&link->lock);
}

/* Uses up a code, if it is one. Returns whether its site has a token. The caller holds the lock. */
static bool take_code(
    struct link *link, const char *code, int64_t now_ms, struct link_site_proof *out)
{
    int64_t id = site_codes_take(&link->codes, code, now_ms);
    for (size_t i = 0; id > 0 && i < link->sites.count; i++) {
        const struct site *site = &link->sites.items[i];
        if (site->id != id || !site->generated_token[0])
            continue;
        memcpy(out->token, site->generated_token, sizeof(out->token));
        memcpy(out->name, site->name, sizeof(out->name));
        return true;
    }
    return false;
}

enum link_code link_take_code(
    struct link *link, const char *address, const char *code, struct link_site_proof *out)
{
    int64_t now_ms = clock_mono_ms();
    bool right = false;
    *out = (struct link_site_proof){0};
    pthread_mutex_lock(&link->lock);
    out->wait_ms = guess_limit_wait_ms(link->code_guesses, address, now_ms);
    if (out->wait_ms == 0) {
        right = take_code(link, code, now_ms, out);
        guess_limit_admit(link->code_guesses, address, code, right, now_ms);
    }
    pthread_mutex_unlock(&link->lock);
    return right ? LINK_CODE_RIGHT : out->wait_ms > 0 ? LINK_CODE_WAIT : LINK_CODE_WRONG;
}

bool link_token_generated(struct link *link, const char *token)
{
    pthread_mutex_lock(&link->lock);
    bool generated = sites_generated(&link->sites, token);
    pthread_mutex_unlock(&link->lock);
    return generated;
}

/* ---- once in a while ---- */

/* Takes the unwritten bytes of the next site that has any, and the day they belong to. Returns
 * false if no site has any. */
static bool take_unwritten(struct link *link, int64_t *site_id, int *day, int64_t *bytes)
{
    bool found = false;
    pthread_mutex_lock(&link->lock);
    *day = link->sites.day;
    for (size_t i = 0; i < link->sites.count && !found; i++) {
        struct site *site = &link->sites.items[i];
        found = site->unwritten_bytes > 0;
        *site_id = site->id;
        *bytes = site->unwritten_bytes;
        if (found)
            site->unwritten_bytes = 0;
    }
    pthread_mutex_unlock(&link->lock);
    return found;
}

/* Gives bytes back that could not be written. They are written later, if that is on the same day. */
static void put_back(struct link *link, int64_t site_id, int day, int64_t bytes)
{
    pthread_mutex_lock(&link->lock);
    for (size_t i = 0; i < link->sites.count; i++)
        if (link->sites.items[i].id == site_id && link->sites.day == day)
            link->sites.items[i].unwritten_bytes += bytes;
    pthread_mutex_unlock(&link->lock);
}

void link_flush(struct link *link, struct catalog *catalog)
{
    int64_t site_id, bytes;
    int day;
    while (take_unwritten(link, &site_id, &day, &bytes))
        if (catalog_site_day_add(catalog, site_id, day, bytes)) {
            log_write(LOG_WARN, "link", "a site's traffic: %s", catalog_message(catalog));
            put_back(link, site_id, day, bytes);
            break;
        }
    link_reload(link, catalog);
}
