/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One lesson as the data plane needs it: what can be played, and where each segment's bytes lie.
 * Made from the catalog's rows, and never changed afterwards (its playlists aside), so that any
 * number of threads may read it.
 */
#ifndef NODE_HLS_MEDIA_INDEX_H
#define NODE_HLS_MEDIA_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "node/hls/packed_text.h"

/* An entity tag with its quotes, ready to be sent: 64 bits of a SHA-256 in hex are enough to tell
 * apart what one URL led to, and short on a slow link. */
#define MEDIA_TAG_BYTES 19

struct media_segment {
    int64_t offset_bytes; /* in its chunk's file */
    int32_t chunk;
    int32_t length_bytes;
    int32_t duration_ticks; /* in the rendition's timescale */
    int32_t iframe_bytes;   /* from the segment's start through its first picture; 0: none */
};

struct media_chunk {
    char etag[MEDIA_TAG_BYTES]; /* of each of its segments */
    char *path;                 /* below the lesson's revision */
};

struct media_rendition {
    char *name, *language, *codecs;
    int kind; /* enum catalog_media_kind */
    int width, height, fps_num, fps_den;
    int channels; /* audio; text has neither channels nor codecs, nor an init segment */
    int timescale;
    bool complete; /* all of its chunks are there; else those from 0 up to the first gap */
    bool iframes;  /* every segment begins with a picture whose length is known */
    char init_etag[MEDIA_TAG_BYTES];
    struct media_chunk *chunks; /* their index is the chunk's number */
    size_t chunk_count;
    struct media_segment *segments; /* their index is N in N.m4s */
    size_t segment_count;
};

struct media_index {
    atomic_int references;
    int64_t lesson_id;
    int revision;
    bool complete;   /* the lesson is ready: nothing that is in here will change */
    int extras_made; /* of the lesson when this was made: if it has more by now, some are missing */
    char *title, *language, *poster_file;
    int storyboard_sheets;
    struct media_rendition *renditions; /* that have chunk 0 and, but for text and legacy ones, an
                                           init segment; extra ones that are whole; video, audio,
                                           text, legacy; from the lowest */
    size_t rendition_count;
    bool
        playable; /* of picture and sound, as far as the lesson will have them, one is among them */
    struct packed_texts playlists; /* hls.c's: fills up while the lesson is watched */
    size_t memory_bytes;           /* without the playlists, which are bounded by themselves */
};

/*
 * Makes an index, with one reference that is the caller's. chunks[i] are those of
 * renditions->items[i]. CATALOG_ECORRUPT: a segment lies outside its chunk or has no length;
 * CATALOG_ENOMEM. Pure.
 */
int media_index_make(struct media_index **out, const struct catalog_lesson *lesson,
    const struct catalog_renditions *renditions, const struct catalog_chunks *chunks);
/* The same from the catalog, of the lesson's present revision. Also the errors of the catalog's
 * calls. */
int media_index_load(
    struct media_index **out, struct catalog *catalog, const struct catalog_lesson *lesson);
/* One more reference, and one less: the last frees it. Any thread; unref accepts NULL. */
void media_index_ref(struct media_index *index);
void media_index_unref(struct media_index *index);

/* NULL if there is none of that name. */
const struct media_rendition *media_index_find(const struct media_index *index, const char *name);

/* EXT-X-TARGETDURATION, alike for all renditions: the longest segment, rounded; at least 1. */
int media_index_target_s(const struct media_index *index);

struct media_rate {
    int64_t peak_bps, average_bps;
};
/*
 * Measured on the segments, or on their first pictures only. The peak is the highest rate of any
 * run of segments that lasts between 0.5 and 1.5 target durations (Apple's authoring specification,
 * "measured peak bit rate").
 */
struct media_rate media_rendition_rate(
    const struct media_rendition *rendition, int target_s, bool iframes);

#endif
