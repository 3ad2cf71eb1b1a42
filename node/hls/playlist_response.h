/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sends a lesson's playlists. */
#ifndef NODE_HLS_PLAYLIST_RESPONSE_H
#define NODE_HLS_PLAYLIST_RESPONSE_H

#include "node/hls/media_index.h"
#include "node/http/http.h"

/* A playlist to be sent, and how to write it. */
struct playlist_response {
    size_t number; /* in index->playlists */
    const struct media_rendition
        *rendition; /* the rendition; for the multivariant playlist: the variant to list first, or
                     * NULL */
    void (*write)(
        const struct media_index *index, const struct media_rendition *rendition, struct buf *out);
    const char *caching; /* the Cache-Control header */
};

/* Responds with a playlist. If the client accepts gzip, the packed playlist is kept with the index, as
 * long as there is room; a growing lesson soon gets a new index. Returns false if memory ran out; then
 * nothing was sent. Call this on the request's loop. */
bool playlist_respond(
    struct http_request *req, struct media_index *index, const struct playlist_response *playlist);

#endif
