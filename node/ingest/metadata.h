/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Upload-Metadata header (tus 1.0.0, "Creation"): "key base64,key base64". Pure. */
#ifndef NODE_INGEST_METADATA_H
#define NODE_INGEST_METADATA_H

#include <stdbool.h>

struct metadata {
    /* Without folders; never empty after metadata_parse(). NTFS has names of 255 UTF-16 units,
     * which may be 765 bytes here. */
    char filename[1024];
    char title[801]; /* 200 characters at most, UTF-8 */
    char topic[401];
    char description[4096];
    char language[36];
    bool publish;
};

/*
 * Reads the header (NULL: none). Values are UTF-8, or GB18030, which old browsers' names come in;
 * control characters become spaces, the filename loses its folders. Unknown keys are passed over.
 * 0; -1 if it is malformed or a value is too long or text of neither encoding.
 */
int metadata_parse(const char *header, struct metadata *out);

#endif
