/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "catalog/db.h"

int catalog_uplink_add(struct catalog *c, const struct catalog_uplink_minute *minute)
{
    return db_run(c,
        db_bind(db_statement(c, STATEMENT_UPLINK_ADD), "iii", minute->minute, minute->sent_bytes,
            minute->requests),
        NULL);
}

int catalog_uplink(struct catalog *c, int64_t from_minute, struct catalog_uplink *out)
{
    int row;
    *out = (struct catalog_uplink){0};
    sqlite3_stmt *s = db_bind(db_statement(c, STATEMENT_UPLINK), "i", from_minute);
    while ((row = db_row(c, s)) > 0) {
        struct catalog_uplink_minute *minute =
            db_grow((void **)&out->items, &out->count, sizeof(*minute));
        if (!minute) {
            row = db_fail(c, CATALOG_ENOMEM, "out of memory");
            break;
        }
        minute->minute = sqlite3_column_int64(s, 0);
        minute->sent_bytes = sqlite3_column_int64(s, 1);
        minute->requests = sqlite3_column_int64(s, 2);
    }
    db_done(s);
    if (row < 0)
        catalog_uplink_free(out);
    return row;
}

void catalog_uplink_free(struct catalog_uplink *uplink)
{
    if (!uplink)
        return;
    free(uplink->items);
    *uplink = (struct catalog_uplink){0};
}
