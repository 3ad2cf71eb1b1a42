/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "catalog/db.h"

#define NAME_BYTES 100
#define TEXT_BYTES 1000

static int read_link(struct catalog *c, struct catalog_sites *out)
{
    sqlite3_stmt *s = db_statement(c, STATEMENT_LINK);
    int row = db_row(c, s);

    if (row > 0)
        out->uplink_bps = sqlite3_column_int64(s, 0);
    db_done(s);
    return row < 0 ? row : CATALOG_OK;
}

static void fill_site(sqlite3_stmt *s, struct catalog_site *site)
{
    site->id = sqlite3_column_int64(s, 0);
    site->name = db_text(s, 1);
    site->ranges = db_text(s, 2);
    site->token = db_text(s, 3);
    site->cap_bps = sqlite3_column_int64(s, 4);
    site->terminal_cap_bps = sqlite3_column_int64(s, 5);
    site->download_from_minute = sqlite3_column_int(s, 6);
    site->download_to_minute = sqlite3_column_int(s, 7);
    site->budget_bytes = sqlite3_column_int64(s, 8);
    site->today_bytes = sqlite3_column_int64(s, 9);
}

int catalog_sites(struct catalog *c, int day, struct catalog_sites *out)
{
    *out = (struct catalog_sites){0};
    int row = read_link(c, out);
    if (row < 0)
        return row;
    sqlite3_stmt *s = db_bind(db_statement(c, STATEMENT_SITES), "i", (int64_t)day);
    while ((row = db_row(c, s)) > 0) {
        struct catalog_site *site = db_grow((void **)&out->items, &out->count, sizeof(*site));
        if (site)
            fill_site(s, site);
        if (!site || !site->name || !site->ranges || !site->token) {
            row = db_fail(c, CATALOG_ENOMEM, "out of memory");
            break;
        }
    }
    db_done(s);
    if (row < 0)
        catalog_sites_free(out);
    return row;
}

void catalog_sites_free(struct catalog_sites *sites)
{
    if (!sites)
        return;
    for (size_t i = 0; i < sites->count; i++) {
        free(sites->items[i].name);
        free(sites->items[i].ranges);
        free(sites->items[i].token);
    }
    free(sites->items);
    *sites = (struct catalog_sites){0};
}

static bool is_sound(const struct catalog_site *site)
{
    return site->name[0] && strlen(site->name) <= NAME_BYTES &&
           strlen(site->ranges) <= TEXT_BYTES && strlen(site->token) <= NAME_BYTES &&
           site->cap_bps >= 0 && site->terminal_cap_bps >= 0 && site->budget_bytes >= 0 &&
           site->download_from_minute >= 0 && site->download_from_minute < CATALOG_DAY_MINUTES &&
           site->download_to_minute >= 0 && site->download_to_minute < CATALOG_DAY_MINUTES;
}

int catalog_site_put(struct catalog *c, const struct catalog_site *site, int64_t *id)
{
    enum statement number = site->id > 0 ? STATEMENT_SITE_UPDATE : STATEMENT_SITE_INSERT;
    int changed = 0;
    if (!is_sound(site))
        return db_fail(c, CATALOG_EINVAL, "a site needs a name, and limits that are not negative");
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = db_run(c,
            db_bind(db_statement(c, number), "sssiiiiii", site->name, site->ranges, site->token,
                site->cap_bps, site->terminal_cap_bps, (int64_t)site->download_from_minute,
                (int64_t)site->download_to_minute, site->budget_bytes, site->id),
            &changed);
    if (error == CATALOG_OK && changed == 0)
        error = db_fail(c, CATALOG_ENOTFOUND, "there is no such site");
    if (error == CATALOG_OK)
        *id = site->id > 0 ? site->id : sqlite3_last_insert_rowid(c->db);
    error = db_end(c, error);
    return error == CATALOG_EEXISTS
               ? db_fail(c, error, "another site has the name %s, or the token", site->name)
               : error;
}

int catalog_site_remove(struct catalog *c, int64_t id)
{
    int changed = 0;
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = db_run(c, db_bind(db_statement(c, STATEMENT_SITE_REMOVE), "i", id), &changed);
    if (error == CATALOG_OK && changed == 0)
        error = db_fail(c, CATALOG_ENOTFOUND, "there is no such site");
    return db_end(c, error);
}

int catalog_link_set(struct catalog *c, int64_t cap_bps)
{
    if (cap_bps < 0)
        return db_fail(c, CATALOG_EINVAL, "a cap is not negative");
    int error = db_begin(c);
    if (error == CATALOG_OK)
        error = db_run(c, db_bind(db_statement(c, STATEMENT_LINK_SET), "i", cap_bps), NULL);
    return db_end(c, error);
}

int catalog_site_day_add(struct catalog *c, int64_t site_id, int day, int64_t sent_bytes)
{
    return db_run(c,
        db_bind(db_statement(c, STATEMENT_SITE_DAY_ADD), "iii", site_id, (int64_t)day, sent_bytes),
        NULL);
}
