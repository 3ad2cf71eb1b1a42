/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the parser of the header Upload-Metadata of a tus upload. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "node/ingest/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct metadata metadata;
    char *header = strndup((const char *)data, bytes);
    if (!header)
        abort();
    if (metadata_parse(header, &metadata) == 0 &&
        (metadata.filename[0] == '\0' || strchr(metadata.filename, '/')))
        abort();
    free(header);
    return 0;
}
