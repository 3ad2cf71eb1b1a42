/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parses the Upload-Metadata header (tus 1.0.0, "Creation"): "key base64,key base64". Pure. */
#ifndef NODE_INGEST_METADATA_H
#define NODE_INGEST_METADATA_H

#include <stdbool.h>

struct metadata {
    /* Without folders; never empty after metadata_parse(). NTFS allows 255 UTF-16 units, which may
     * be 765 bytes of UTF-8. */
    char filename[1024];
    char title[801]; /* at most 800 bytes, which is room for 200 characters of UTF-8 */
    char topic[401];
    char description[4096];
    char language[36];
    bool publish;
};

/* Parses the header; NULL: there is none. Values are UTF-8 or GB18030, in which old browsers send
 * names. Control characters become spaces, and folders are removed from the file name. Unknown keys
 * are ignored. Returns 0; or -1 if the header is malformed, or a value is too long or in neither
 * encoding. */
int metadata_parse(const char *header, struct metadata *out);

#endif
