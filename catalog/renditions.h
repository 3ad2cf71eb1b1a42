/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading renditions and their chunks. Jobs write them (job_results.h). */
#ifndef CATALOG_RENDITIONS_H
#define CATALOG_RENDITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/errors.h"
#include "catalog/segment_table.h"

enum catalog_media_kind {
    CATALOG_VIDEO = 0,
    CATALOG_AUDIO = 1,
    CATALOG_TEXT = 2,   /* subtitles; has no init segment */
    CATALOG_LEGACY = 3, /* video and audio in one transport stream; has no init segment */
};

/* Whether renditions of a kind have an init segment beside their chunks. */
static inline bool catalog_has_init(enum catalog_media_kind kind)
{
    return kind == CATALOG_VIDEO || kind == CATALOG_AUDIO;
}

struct catalog_rendition {
    int64_t id, lesson_id;
    int revision;
    char *name; /* "v400", "a24": also its folder, and a part of its URL */
    enum catalog_media_kind kind;
    int position;                        /* within its kind; 0 is the lowest rung */
    int width, height, fps_num, fps_den; /* video, legacy */
    int channels, sample_rate;           /* audio */
    char *language;                      /* audio, text: BCP 47; "" unknown */
    int64_t cap_bps;                     /* the rung's cap on the wire */
    int timescale;                       /* ticks per second of its segments' durations */
    int chunk_count;                     /* how many chunks it will have */
    char *plan_text; /* the planner's parameters; job texts contain them unchanged */
    /* Known once the init segment exists. Text and legacy renditions have none. */
    char *codecs;       /* RFC 6381, e.g. "avc1.64001F"; "" before */
    int64_t init_bytes; /* 0 before */
    char *init_sha256;
    bool optional; /* its lesson is READY without it */
};

struct catalog_renditions {
    struct catalog_rendition *items;
    size_t count;
};

/* Reads the renditions of a lesson's current revision: video first, each kind by position. */
enum catalog_error catalog_renditions(
    struct catalog *catalog, int64_t lesson_id, struct catalog_renditions *out);

void catalog_renditions_free(struct catalog_renditions *renditions);

struct catalog_chunks {
    struct catalog_chunk *items;
    size_t count;
};

/* Reads all finished chunks of a rendition, by number. */
enum catalog_error catalog_chunks(
    struct catalog *catalog, int64_t rendition_id, struct catalog_chunks *out);

void catalog_chunks_free(struct catalog_chunks *chunks);

#endif
