/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bundled pages, scripts and styles. build.mjs generates them. */
#ifndef NODE_WEB_ASSETS_H
#define NODE_WEB_ASSETS_H

#include <stddef.h>

struct web_asset {
    const char *url;  /* "/assets/NAME.HASH.js"; for a page "/" and its name */
    const char *type; /* Content-Type */
    const char *etag,
        *gzip_etag; /* entity tags of the uncompressed form, which is strong, and of the
                                   * compressed one, which is weak */
    size_t plain_bytes, gzip_bytes;
    const unsigned char *gzip;
};

extern const struct web_asset web_assets[];
extern const size_t web_asset_count;

#endif
