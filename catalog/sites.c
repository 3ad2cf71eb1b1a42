/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/sites.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/db.h"

#define MAX_NAME_BYTES 100 /* of a token too */
#define MAX_RANGES_BYTES 1000

/* ---- reading ---- */

static enum catalog_error read_uplink_cap(struct catalog *cat, int64_t *cap_bps)
{
    sqlite3_stmt *query = db_query(cat, STATEMENT_LINK, "");
    int row = db_row(cat, query);
    if (row <= 0)
        return row;
    *cap_bps = sqlite3_column_int64(query, DB_ONLY_COLUMN);
    db_done(query);
    return CATALOG_OK;
}

static enum catalog_error fill_site(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    struct catalog_site *site = item;
    site->id = sqlite3_column_int64(row, SITE_ID);
    site->name = db_text(cat, row, SITE_NAME);
    site->ranges = db_text(cat, row, SITE_RANGES);
    site->token = db_text(cat, row, SITE_TOKEN);
    site->generated_token = db_text(cat, row, SITE_GENERATED_TOKEN);
    site->cap_bps = sqlite3_column_int64(row, SITE_CAP_BPS);
    site->terminal_cap_bps = sqlite3_column_int64(row, SITE_TERMINAL_CAP_BPS);
    site->download_from_minute = sqlite3_column_int(row, SITE_DOWNLOAD_FROM_MINUTE);
    site->download_to_minute = sqlite3_column_int(row, SITE_DOWNLOAD_TO_MINUTE);
    site->budget_bytes = sqlite3_column_int64(row, SITE_BUDGET_BYTES);
    site->today_bytes = sqlite3_column_int64(row, SITE_TODAY_BYTES);
    return CATALOG_OK;
}

enum catalog_error catalog_sites(struct catalog *cat, int day, struct catalog_sites *out)
{
    *out = (struct catalog_sites){0};
    enum catalog_error error = read_uplink_cap(cat, &out->uplink_bps);
    if (error != CATALOG_OK)
        return error;
    sqlite3_stmt *query = db_query(cat, STATEMENT_SITES, "i", day);
    error = db_read_all(
        cat, query, fill_site, sizeof(out->items[0]), (void **)&out->items, &out->count);
    if (error != CATALOG_OK)
        catalog_sites_free(out);
    return error;
}

void catalog_sites_free(struct catalog_sites *sites)
{
    if (!sites)
        return;
    for (size_t i = 0; i < sites->count; i++) {
        free(sites->items[i].name);
        free(sites->items[i].ranges);
        free(sites->items[i].token);
        free(sites->items[i].generated_token);
    }
    free(sites->items);
    *sites = (struct catalog_sites){0};
}

/* ---- writing ---- */

static bool is_valid(const struct catalog_site *site)
{
    return site->name[0] && strlen(site->name) <= MAX_NAME_BYTES &&
           strlen(site->ranges) <= MAX_RANGES_BYTES && strlen(site->token) <= MAX_NAME_BYTES &&
           site->cap_bps >= 0 && site->terminal_cap_bps >= 0 && site->budget_bytes >= 0 &&
           site->download_from_minute >= 0 && site->download_from_minute < CATALOG_DAY_MINUTES &&
           site->download_to_minute >= 0 && site->download_to_minute < CATALOG_DAY_MINUTES;
}

static enum catalog_error put_site(
    struct catalog *cat, const struct catalog_site *site, int64_t *id)
{
    enum statement number = site->id > 0 ? STATEMENT_SITE_UPDATE : STATEMENT_SITE_INSERT;
    enum catalog_error error = db_execute(cat, number, "ssslliill", site->name, site->ranges,
        site->token, site->cap_bps, site->terminal_cap_bps, site->download_from_minute,
        site->download_to_minute, site->budget_bytes, site->id);
    if (error != CATALOG_OK)
        return error;
    if (db_changed_rows(cat) == 0)
        return db_fail(cat, CATALOG_ENOTFOUND, "there is no such site");
    *id = site->id > 0 ? site->id : sqlite3_last_insert_rowid(cat->db);
    return CATALOG_OK;
}

enum catalog_error catalog_site_put(
    struct catalog *cat, const struct catalog_site *site, int64_t *id)
{
    if (!is_valid(site))
        return db_fail(
            cat, CATALOG_EINVAL, "a site needs a name, and limits that are not negative");
    enum catalog_error error = db_begin(cat);
    if (error == CATALOG_OK)
        error = db_end(cat, put_site(cat, site, id));
    if (error == CATALOG_EEXISTS)
        return db_fail(cat, error, "another site has the name %s, or the token", site->name);
    return error;
}

static enum catalog_error set_token(struct catalog *cat, int64_t id, const char *token)
{
    enum catalog_error error = db_execute(cat, STATEMENT_SITE_SET_TOKEN, "ls", id, token);
    if (error == CATALOG_OK && db_changed_rows(cat) == 0)
        error = db_fail(cat, CATALOG_ENOTFOUND, "there is no such site");
    return error;
}

enum catalog_error catalog_site_set_token(struct catalog *cat, int64_t id, const char *token)
{
    if (!token[0] || strlen(token) > MAX_NAME_BYTES)
        return db_fail(cat, CATALOG_EINVAL, "a token has 1 to %d bytes", MAX_NAME_BYTES);
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, set_token(cat, id, token));
}

static enum catalog_error remove_site(struct catalog *cat, int64_t id)
{
    enum catalog_error error = db_execute(cat, STATEMENT_SITE_REMOVE, "l", id);
    if (error == CATALOG_OK && db_changed_rows(cat) == 0)
        error = db_fail(cat, CATALOG_ENOTFOUND, "there is no such site");
    return error;
}

enum catalog_error catalog_site_remove(struct catalog *cat, int64_t id)
{
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, remove_site(cat, id));
}

enum catalog_error catalog_link_set(struct catalog *cat, int64_t cap_bps)
{
    if (cap_bps < 0)
        return db_fail(cat, CATALOG_EINVAL, "a cap is not negative");
    enum catalog_error error = db_begin(cat);
    return error ? error : db_end(cat, db_execute(cat, STATEMENT_LINK_SET, "l", cap_bps));
}

enum catalog_error catalog_site_day_add(
    struct catalog *cat, int64_t site_id, int day, int64_t sent_bytes)
{
    return db_execute(cat, STATEMENT_SITE_DAY_ADD, "lil", site_id, day, sent_bytes);
}
