/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unfinished uploads that nobody goes on with. Their idle time is counted while a node runs, so that
 * neither a wrong clock nor a week without power removes one. */
#include "node/ingest/ingest.h"
#include "node/ingest/ingest_internal.h"
#include "node/util/log.h"

static int expire_each(
    struct ingest *ingest, struct catalog *catalog, const struct catalog_uploads *uploads)
{
    int error = CATALOG_OK;
    for (size_t i = 0; error == CATALOG_OK && i < uploads->count; i++) {
        const struct catalog_upload *upload = &uploads->items[i];
        bool expired;
        if (writers_have(ingest, upload->id))
            continue;
        error = catalog_upload_expire(catalog, upload->id, ingest->expiry_ms, &expired);
        if (!expired)
            continue;
        store_remove_source(ingest->store, upload->id);
        log_write(LOG_INFO, "ingest", "the unfinished upload of %s by %s has expired",
            upload->filename, *upload->user ? upload->user : "a removed user");
    }
    return error;
}

int ingest_age(struct ingest *ingest, struct catalog *catalog, int64_t elapsed_ms)
{
    struct catalog_upload_totals totals;
    struct catalog_uploads uploads;
    int error = catalog_upload_totals(catalog, NULL, 0, &totals);
    if (error != CATALOG_OK || totals.count == 0)
        return error;
    error = catalog_uploads_age(catalog, elapsed_ms);
    if (error != CATALOG_OK)
        return error;
    error = catalog_uploads_idle(catalog, ingest->expiry_ms, &uploads);
    if (error == CATALOG_OK)
        error = expire_each(ingest, catalog, &uploads);
    catalog_uploads_free(&uploads);
    return error;
}
