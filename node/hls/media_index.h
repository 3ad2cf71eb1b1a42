/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One lesson as the data plane needs it: what can be played, and where the bytes of each segment
 * are. It is made from rows of the catalog and never changes afterwards, except for the packed
 * playlists. So any number of threads may read it. */
#ifndef NODE_HLS_MEDIA_INDEX_H
#define NODE_HLS_MEDIA_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "node/hls/packed_text.h"

/* The size of an entity tag with its quotes and its NUL, ready to send. It has 64 bits of a SHA-256
 * in hex: enough to distinguish what one URL returned over time, and short on a slow link. */
#define MEDIA_TAG_BYTES 19

struct media_segment {
    int64_t offset_bytes; /* in the file of its chunk */
    int32_t chunk;
    int32_t length_bytes;
    int32_t duration_ticks; /* in the timescale of the rendition */
    int32_t iframe_bytes;   /* from the start of the segment to the end of its first frame; 0: no
                             * I-frame */
};

struct media_chunk {
    char etag[MEDIA_TAG_BYTES]; /* of every segment in this chunk */
    char *path;                 /* relative to the folder of the revision */
};

struct media_rendition {
    char *name, *language, *codecs;
    int kind; /* enum catalog_media_kind */
    int width, height, fps_num, fps_den;
    int channels; /* of audio. Text has no channels, no codecs and no init segment */
    int timescale;
    bool complete; /* all chunks exist; otherwise the index ends before the first missing chunk */
    bool iframes;  /* video only: every segment begins with an I-frame of known length */
    char init_etag[MEDIA_TAG_BYTES];
    struct media_chunk *chunks; /* in the order of chunk numbers */
    size_t chunk_count;
    struct media_segment *segments; /* in the order of N in N.m4s */
    size_t segment_count;
};

struct media_index {
    atomic_int references;
    int64_t lesson_id;
    int revision;
    bool complete;   /* the lesson is ready, and every rendition that is not optional is complete:
                      * the segments in this index will not change */
    int extras_made; /* the lesson's count of optional renditions when the index was made; if the
                      * lesson has more now, the index is out of date */
    char *title, *language, *poster_file;
    int storyboard_sheets;
    struct media_rendition *renditions; /* the renditions that can be listed: those that have chunk
                                         * 0 and, except for text and legacy, an init segment;
                                         * optional ones only once they are complete. Order: video,
                                         * audio, text, legacy; in each kind as in the plan */
    size_t rendition_count;
    bool playable; /* there is at least one rendition of each kind of stream (video, audio) that the
                   * lesson will have */
    struct packed_texts playlists; /* used by hls.c; filled while the lesson is watched */
    size_t memory_bytes;           /* without the playlists, which have a bound of their own */
};

/* Makes an index with one reference, which is the caller's. chunks[i] belong to
 * renditions->items[i]. Returns CATALOG_OK; CATALOG_ECORRUPT if a segment lies outside its chunk,
 * has no length or no duration, or if a rendition's numbers make no sense; CATALOG_ENOMEM. Pure. */
int media_index_make(struct media_index **out, const struct catalog_lesson *lesson,
    const struct catalog_renditions *renditions, const struct catalog_chunks *chunks);
/* Reads the lesson's current revision from the catalog and makes its index. Returns what
 * media_index_make() returns, or an error of the catalog. */
int media_index_load(
    struct media_index **out, struct catalog *catalog, const struct catalog_lesson *lesson);
/* Add and drop a reference. Dropping the last one frees the index. Any thread. unref accepts
 * NULL. */
void media_index_ref(struct media_index *index);
void media_index_unref(struct media_index *index);

/* Returns the rendition with that name, or NULL. */
const struct media_rendition *media_index_find(const struct media_index *index, const char *name);

/* EXT-X-TARGETDURATION, which is the same for all renditions: the duration of the longest segment,
 * rounded; at least 1. */
int media_index_target_s(const struct media_index *index);

struct media_rate {
    int64_t peak_bps, average_bps;
};
/* Measures the rates of a rendition from its segments, or from their I-frames only. The peak is the
 * highest rate of any run of segments that lasts 0.5 to 1.5 target durations ("measured peak bit
 * rate" in Apple's authoring specification). */
struct media_rate media_rendition_rate(
    const struct media_rendition *rendition, int target_s, bool iframes);

#endif
