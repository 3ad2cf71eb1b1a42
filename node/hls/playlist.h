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
 * the first, or `first` (one of the index's, NULL none) before it; then sound alone, then the
 * I-frame playlists. index->playable must be true.
 */
void playlist_write_master(
    const struct media_index *index, const struct media_rendition *first, struct buf *out);
/* The same without variants of sound alone, unless the lesson has no pictures: for players that
 * can't tell them from the others. */
void playlist_write_pictures(
    const struct media_index *index, const struct media_rendition *first, struct buf *out);
/* The variant that a terminal whose link carries link_bps had better begin with: the best whose
 * measured peak, its sound included, leaves a third of the link free; never one in AV1, which many
 * can't play. NULL: none does, or nothing is known (0). */
const struct media_rendition *playlist_first_variant(
    const struct media_index *index, int64_t link_bps);

/* A rendition's media playlist: VOD with ENDLIST once complete, else EVENT. */
void playlist_write_media(
    const struct media_index *index, const struct media_rendition *rendition, struct buf *out);

/* What the names of its segments end in, by enum catalog_media_kind: ".m4s", ".vtt", ".ts". */
const char *playlist_suffix(int kind);

/* A video rendition's I-frame playlist: byte ranges into N.m4s. rendition->iframes must be true. */
void playlist_write_iframes(
    const struct media_index *index, const struct media_rendition *rendition, struct buf *out);

#endif
