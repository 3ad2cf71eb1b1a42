/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "node/cli/doctor.h"
#include "node/cli/text.h"
#include "node/ingest/ingest.h"

void doctor_check_uploads(struct doctor *doctor)
{
    struct catalog_uploads uploads;
    if (catalog_uploads(doctor->catalog, NULL, &uploads) != CATALOG_OK) {
        doctor_say(doctor, DOCTOR_BAD, "catalog: %s", catalog_message(doctor->catalog));
        return;
    }
    size_t pending = 0;
    int64_t pending_bytes = 0;
    for (size_t i = 0; i < uploads.count; i++) {
        const struct catalog_upload *upload = &uploads.items[i];
        if (ingest_offset(doctor->store, upload->id) != upload->total_bytes)
            continue;
        pending++;
        pending_bytes += upload->total_bytes;
    }
    char size[TEXT_SHORT_BYTES];
    if (pending > 0)
        doctor_say(doctor, DOCTOR_WARN,
            "uploads: %zu, %s: all bytes are here, but no lesson was made yet; a running node "
            "tries again by itself, and so does a node that starts",
            pending, text_size(pending_bytes, size));
    else
        doctor_say(doctor, DOCTOR_OK, "uploads: %zu unfinished, none waits to become a lesson",
            uploads.count);
    catalog_uploads_free(&uploads);
}
