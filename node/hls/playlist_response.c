/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/hls/playlist_response.h"

#include "node/http/gzip.h"

#define PLAYLIST_TYPE "application/vnd.apple.mpegurl"

static void release_index(void *index)
{
    media_index_unref(index);
}

static void respond_packed(struct http_request *req, struct media_index *index,
    const struct packed_text *packed, const char *caching)
{
    http_response_header(req, "Cache-Control", caching);
    http_response_header(req, "Content-Encoding", "gzip");
    http_response_header(req, "Vary", "Accept-Encoding");
    media_index_ref(index);
    http_respond_shared(req, &(struct http_shared_body){.data = packed->data,
                                 .bytes = packed->data_bytes,
                                 .content_type = PLAYLIST_TYPE,
                                 .etag = packed->etag,
                                 .release = release_index,
                                 .ctx = index});
}

static void respond_plain(struct http_request *req, const struct buf *text, const char *caching)
{
    char etag[24];
    packed_text_tag(text, etag);
    http_response_header(req, "Cache-Control", caching);
    http_response_etag(req, etag);
    http_respond(req, 200, PLAYLIST_TYPE, text->data, text->used_bytes);
}

bool playlist_respond(
    struct http_request *req, struct media_index *index, const struct playlist_response *playlist)
{
    bool keeps = http_accepts_gzip(http_request_header(req, "Accept-Encoding"));
    const struct packed_text *packed =
        keeps ? packed_texts_find(&index->playlists, playlist->number) : NULL;
    struct buf text = {0};
    if (!packed) {
        playlist->write(index, playlist->rendition, &text);
        if (keeps)
            packed = packed_texts_keep(&index->playlists, playlist->number, &text);
    }
    bool written = packed || !text.failed;
    if (packed)
        respond_packed(req, index, packed, playlist->caching);
    else if (written)
        respond_plain(req, &text, playlist->caching);
    buf_free(&text);
    return written;
}
