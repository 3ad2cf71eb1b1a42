/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes playlists (RFC 8216 and its successor draft rfc8216bis; Apple's HLS authoring
 * specification). Pure: an index in, text out. All text is added to *out; memory running out shows
 * in out->failed.
 *
 * Rates are measured on the segments that are there; in a growing lesson they follow what has been
 * made so far.
 */
#ifndef NODE_HLS_PLAYLIST_H
#define NODE_HLS_PLAYLIST_H

#include "node/hls/media_index.h"
#include "node/util/buf.h"

/*
 * The multivariant playlist: lowest variant first, since players without a measurement begin with
 * the first, then sound alone, then the I-frame playlists. index->playable must be true.
 */
void playlist_write_master(const struct media_index *index, struct buf *out);

/* A rendition's media playlist: VOD with ENDLIST once complete, else EVENT. */
void playlist_write_media(
    const struct media_index *index, const struct media_rendition *rendition, struct buf *out);

/* What the names of its segments end in, by enum catalog_media_kind: ".m4s", ".vtt", ".ts". */
const char *playlist_suffix(int kind);

/* A video rendition's I-frame playlist: byte ranges into N.m4s. rendition->iframes must be true. */
void playlist_write_iframes(
    const struct media_index *index, const struct media_rendition *rendition, struct buf *out);

#endif
