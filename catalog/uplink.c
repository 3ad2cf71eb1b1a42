/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog/uplink.h"

#include <stdlib.h>

#include "catalog/db.h"

enum catalog_error catalog_uplink_add(
    struct catalog *cat, const struct catalog_uplink_minute *minute)
{
    return db_execute(
        cat, STATEMENT_UPLINK_ADD, "lll", minute->minute, minute->sent_bytes, minute->requests);
}

static enum catalog_error fill_minute(struct catalog *cat, sqlite3_stmt *row, void *item)
{
    struct catalog_uplink_minute *minute = item;
    (void)cat;
    minute->minute = sqlite3_column_int64(row, MINUTE_NUMBER);
    minute->sent_bytes = sqlite3_column_int64(row, MINUTE_SENT_BYTES);
    minute->requests = sqlite3_column_int64(row, MINUTE_REQUESTS);
    return CATALOG_OK;
}

enum catalog_error catalog_uplink(
    struct catalog *cat, int64_t from_minute, struct catalog_uplink *out)
{
    *out = (struct catalog_uplink){0};
    sqlite3_stmt *query = db_query(cat, STATEMENT_UPLINK, "l", from_minute);
    enum catalog_error error = db_read_all(
        cat, query, fill_minute, sizeof(out->items[0]), (void **)&out->items, &out->count);
    if (error != CATALOG_OK)
        catalog_uplink_free(out);
    return error;
}

void catalog_uplink_free(struct catalog_uplink *uplink)
{
    if (!uplink)
        return;
    free(uplink->items);
    *uplink = (struct catalog_uplink){0};
}
