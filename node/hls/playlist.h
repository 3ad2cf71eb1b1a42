/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes playlists (RFC 8216 and its successor draft rfc8216bis; Apple's HLS authoring
 * specification). Pure: index in, text out. All text is added to *out. If memory runs out,
 * out->failed is set.
 *
 * Rates are measured on the segments that exist. In a growing lesson they change as segments are
 * added.
 */
#ifndef NODE_HLS_PLAYLIST_H
#define NODE_HLS_PLAYLIST_H

#include "node/hls/media_index.h"
#include "node/util/buf.h"

/* Writes the multivariant playlist: the audio and subtitle renditions, then the video variants in
 * the order of the index, once for each audio codec, then audio-only variants, then I-frame
 * playlists. Players that have measured nothing start with the variant that is listed first, so
 * `first` (a rendition of the index; NULL: none) is listed before the other video variants.
 * index->playable must be true. */
void playlist_write_master(
    const struct media_index *index, const struct media_rendition *first, struct buf *out);
/* Writes the multivariant playlist without audio-only variants, for players that confuse them with
 * video variants. For a lesson without video, they are written. */
void playlist_write_pictures(
    const struct media_index *index, const struct media_rendition *first, struct buf *out);
/* Returns the variant that a terminal should start with if its link carries link_bps: the best
 * whose measured peak, including audio, leaves a third of the link free. Never an AV1 variant,
 * because many players can't play it. NULL: no variant fits, link_bps is 0 (unknown), or the
 * variant is the lowest, which is listed first anyway. */
const struct media_rendition *playlist_first_variant(
    const struct media_index *index, int64_t link_bps);

/* Writes the media playlist of a rendition: VOD with ENDLIST if it is complete, else EVENT. */
void playlist_write_media(
    const struct media_index *index, const struct media_rendition *rendition, struct buf *out);

/* Returns the ending of segment names for an enum catalog_media_kind: ".m4s", ".vtt" or ".ts". */
const char *playlist_suffix(int kind);

/* Writes the I-frame playlist of a video rendition: byte ranges into N.m4s. rendition->iframes must
 * be true. */
void playlist_write_iframes(
    const struct media_index *index, const struct media_rendition *rendition, struct buf *out);

#endif
