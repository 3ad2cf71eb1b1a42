/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/hls/media_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/protocol/job.h"

static void free_rendition(struct media_rendition *rendition)
{
    free(rendition->name);
    free(rendition->language);
    free(rendition->codecs);
    for (size_t i = 0; i < rendition->chunk_count; i++)
        free(rendition->chunks[i].path);
    free(rendition->chunks);
    free(rendition->segments);
}

static void free_index(struct media_index *index)
{
    for (size_t i = 0; index->renditions && i < index->rendition_count; i++)
        free_rendition(&index->renditions[i]);
    free(index->renditions);
    packed_texts_close(&index->playlists);
    free(index->title);
    free(index->language);
    free(index->poster_file);
    free(index);
}

void media_index_ref(struct media_index *index)
{
    atomic_fetch_add_explicit(&index->references, 1, memory_order_relaxed);
}

void media_index_unref(struct media_index *index)
{
    if (index && atomic_fetch_sub_explicit(&index->references, 1, memory_order_acq_rel) == 1)
        free_index(index);
}

/* Counts the chunks from 0 up to the first gap. A playlist must never list a chunk that does not
 * exist yet. */
static size_t contiguous_chunks(const struct catalog_chunks *chunks)
{
    size_t count = 0;
    while (count < chunks->count && chunks->items[count].number == (int)count)
        count++;
    return count;
}

static bool segment_fits(const struct catalog_segment *segment, int64_t chunk_bytes)
{
    return segment->offset_bytes >= 0 && segment->offset_bytes <= chunk_bytes &&
           segment->length_bytes > 0 && segment->duration_ticks > 0 &&
           segment->length_bytes <= chunk_bytes - segment->offset_bytes &&
           segment->iframe_bytes >= 0 && segment->iframe_bytes <= segment->length_bytes;
}

static void make_etag(char etag[MEDIA_TAG_BYTES], const char *sha256)
{
    size_t length = strnlen(sha256, MEDIA_TAG_BYTES - 3);
    etag[0] = '"';
    memcpy(etag + 1, sha256, length);
    memcpy(etag + 1 + length, "\"", 2);
}

static int add_chunk(
    struct media_rendition *rendition, const struct catalog_chunk *chunk, size_t number)
{
    char path[JOB_PATH_BYTES];
    if (job_chunk_path(rendition->name, (int)number, path, sizeof(path)) < 0)
        return CATALOG_ECORRUPT;
    rendition->chunks[number].path = strdup(path);
    if (!rendition->chunks[number].path)
        return CATALOG_ENOMEM;
    make_etag(rendition->chunks[number].etag, chunk->sha256);
    for (size_t i = 0; i < chunk->segment_count; i++) {
        const struct catalog_segment *segment = &chunk->segments[i];
        if (!segment_fits(segment, chunk->bytes))
            return CATALOG_ECORRUPT;
        rendition->segments[rendition->segment_count++] = (struct media_segment){
            .offset_bytes = segment->offset_bytes,
            .chunk = (int32_t)number,
            .length_bytes = segment->length_bytes,
            .duration_ticks = segment->duration_ticks,
            .iframe_bytes = segment->iframe_bytes,
        };
        rendition->iframes = rendition->iframes && segment->iframe_bytes > 0;
    }
    return CATALOG_OK;
}

static int add_chunks(struct media_rendition *rendition, const struct catalog_chunks *chunks)
{
    size_t count = contiguous_chunks(chunks);
    size_t segments = 0;
    for (size_t i = 0; i < count; i++)
        segments += chunks->items[i].segment_count;
    rendition->chunks = calloc(count ? count : 1, sizeof(*rendition->chunks));
    rendition->segments = calloc(segments ? segments : 1, sizeof(*rendition->segments));
    if (!rendition->chunks || !rendition->segments)
        return CATALOG_ENOMEM;
    rendition->chunk_count = count;
    for (size_t i = 0; i < count; i++) {
        int error = add_chunk(rendition, &chunks->items[i], i);
        if (error)
            return error;
    }
    return CATALOG_OK;
}

/* Whether a rendition's numbers make sense. Frame rate and timescale are used as divisors, so 0 is
 * refused. */
static bool rendition_fits(const struct catalog_rendition *row)
{
    if (row->timescale <= 0)
        return false;
    return row->kind == CATALOG_AUDIO || row->kind == CATALOG_TEXT ||
           ((row->kind == CATALOG_VIDEO || row->kind == CATALOG_LEGACY) && row->fps_num > 0 &&
               row->fps_den > 0);
}

static int make_rendition(struct media_rendition *rendition, const struct catalog_rendition *row,
    const struct catalog_chunks *chunks)
{
    *rendition = (struct media_rendition){
        .name = strdup(row->name),
        .language = strdup(row->language),
        .codecs = strdup(row->codecs),
        .kind = row->kind,
        .width = row->width,
        .height = row->height,
        .fps_num = row->fps_num,
        .fps_den = row->fps_den,
        .channels = row->channels,
        .timescale = row->timescale,
        .iframes = row->kind == CATALOG_VIDEO,
    };
    if (!rendition->name || !rendition->language || !rendition->codecs)
        return CATALOG_ENOMEM;
    if (!rendition_fits(row))
        return CATALOG_ECORRUPT;
    make_etag(rendition->init_etag, row->init_sha256);
    int error = add_chunks(rendition, chunks);
    rendition->complete =
        row->chunk_count > 0 && rendition->chunk_count >= (size_t)row->chunk_count;
    return error;
}

static bool has_kind(const struct media_index *index, int kind)
{
    for (size_t i = 0; i < index->rendition_count; i++)
        if (index->renditions[i].kind == kind)
            return true;
    return false;
}

/* Whether a rendition is listed. An optional one is made last and slowly, so it is listed only once
 * it is complete. Otherwise a player that started with it would have to wait for the encoder,
 * although all other renditions are complete. */
static bool is_listed(const struct catalog_rendition *row, const struct catalog_chunks *chunks)
{
    size_t count = contiguous_chunks(chunks);
    if ((row->init_bytes <= 0 && catalog_has_init(row->kind)) || count == 0)
        return false;
    return !row->optional || count >= (size_t)row->chunk_count;
}

static int add_renditions(struct media_index *index, const struct catalog_renditions *rows,
    const struct catalog_chunks *chunks)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct media_rendition *rendition = &index->renditions[index->rendition_count];
        if (!is_listed(&rows->items[i], &chunks[i])) {
            index->complete = index->complete && rows->items[i].optional;
            continue;
        }
        index->rendition_count++;
        int error = make_rendition(rendition, &rows->items[i], &chunks[i]);
        if (error)
            return error;
        index->complete = index->complete && rendition->complete;
        index->memory_bytes += rendition->segment_count * sizeof(struct media_segment) +
                               rendition->chunk_count * sizeof(struct media_chunk) +
                               sizeof(*rendition);
    }
    index->playable = has_kind(index, CATALOG_VIDEO) || has_kind(index, CATALOG_AUDIO);
    for (size_t i = 0; i < rows->count; i++)
        if (rows->items[i].kind == CATALOG_VIDEO || rows->items[i].kind == CATALOG_AUDIO)
            index->playable = index->playable && has_kind(index, rows->items[i].kind);
    return CATALOG_OK;
}

int media_index_make(struct media_index **out, const struct catalog_lesson *lesson,
    const struct catalog_renditions *renditions, const struct catalog_chunks *chunks)
{
    struct media_index *index = calloc(1, sizeof(*index));
    int error = CATALOG_ENOMEM;
    *out = NULL;
    if (!index)
        return error;
    atomic_init(&index->references, 1);
    index->lesson_id = lesson->id;
    index->revision = lesson->revision;
    index->complete = lesson->state == CATALOG_LESSON_READY;
    index->extras_made = lesson->optional_made;
    index->memory_bytes = sizeof(*index);
    index->title = strdup(lesson->title);
    index->storyboard_sheets = lesson->storyboard_sheets;
    index->language = strdup(lesson->language);
    index->poster_file = strdup(lesson->poster_file);
    index->renditions =
        calloc(renditions->count ? renditions->count : 1, sizeof(*index->renditions));
    if (!index->title || !index->language || !index->poster_file || !index->renditions)
        goto fail;
    error = add_renditions(index, renditions, chunks);
    if (!error && packed_texts_open(&index->playlists, 2 + 3 * index->rendition_count) < 0)
        error = CATALOG_ENOMEM;
    if (error)
        goto fail;
    *out = index;
    return CATALOG_OK;
fail:
    free_index(index);
    return error;
}

static int load_chunks(struct catalog *catalog, const struct catalog_renditions *renditions,
    struct catalog_chunks *chunks)
{
    for (size_t i = 0; i < renditions->count; i++) {
        int error = catalog_chunks(catalog, renditions->items[i].id, &chunks[i]);
        if (error)
            return error;
    }
    return CATALOG_OK;
}

int media_index_load(
    struct media_index **out, struct catalog *catalog, const struct catalog_lesson *lesson)
{
    struct catalog_renditions renditions = {0};
    struct catalog_chunks *chunks = NULL;
    int error = catalog_renditions(catalog, lesson->id, &renditions);
    *out = NULL;
    if (error)
        return error;
    chunks = calloc(renditions.count ? renditions.count : 1, sizeof(*chunks));
    error = chunks ? load_chunks(catalog, &renditions, chunks) : CATALOG_ENOMEM;
    if (!error)
        error = media_index_make(out, lesson, &renditions, chunks);
    for (size_t i = 0; chunks && i < renditions.count; i++)
        catalog_chunks_free(&chunks[i]);
    free(chunks);
    catalog_renditions_free(&renditions);
    return error;
}

const struct media_rendition *media_index_find(const struct media_index *index, const char *name)
{
    for (size_t i = 0; i < index->rendition_count; i++)
        if (strcmp(index->renditions[i].name, name) == 0)
            return &index->renditions[i];
    return NULL;
}

int media_index_target_s(const struct media_index *index)
{
    int64_t target_s = 1;
    for (size_t i = 0; i < index->rendition_count; i++) {
        const struct media_rendition *rendition = &index->renditions[i];
        for (size_t n = 0; n < rendition->segment_count; n++) {
            int64_t rounded_s =
                (2 * (int64_t)rendition->segments[n].duration_ticks + rendition->timescale) /
                (2 * (int64_t)rendition->timescale);
            if (rounded_s > target_s)
                target_s = rounded_s;
        }
    }
    return (int)target_s;
}

static int64_t counted_bytes(const struct media_segment *segment, bool iframes)
{
    return iframes ? segment->iframe_bytes : segment->length_bytes;
}

static double rate_bps(int64_t bytes, int64_t ticks, int timescale)
{
    return (double)bytes * 8 * timescale / (double)ticks;
}

/* Returns the highest rate of the runs that start with segment `from`; 0 if no run has the right
 * duration. */
static double peak_from(
    const struct media_rendition *rendition, size_t from, int64_t target_ticks, bool iframes)
{
    int64_t bytes = 0;
    int64_t ticks = 0;
    double peak = 0;
    for (size_t n = from; n < rendition->segment_count; n++) {
        bytes += counted_bytes(&rendition->segments[n], iframes);
        ticks += rendition->segments[n].duration_ticks;
        if (2 * ticks > 3 * target_ticks)
            break;
        if (2 * ticks >= target_ticks)
            peak = fmax(peak, rate_bps(bytes, ticks, rendition->timescale));
    }
    return peak;
}

struct media_rate media_rendition_rate(
    const struct media_rendition *rendition, int target_s, bool iframes)
{
    int64_t target_ticks = (int64_t)target_s * rendition->timescale;
    int64_t bytes = 0;
    int64_t ticks = 0;
    double peak = 0;
    for (size_t n = 0; n < rendition->segment_count; n++) {
        bytes += counted_bytes(&rendition->segments[n], iframes);
        ticks += rendition->segments[n].duration_ticks;
        peak = fmax(peak, peak_from(rendition, n, target_ticks, iframes));
    }
    double average = ticks > 0 ? rate_bps(bytes, ticks, rendition->timescale) : 0;
    /* If the rendition is shorter than half a target duration, it has no run, and the average is
     * its peak. */
    return (struct media_rate){(int64_t)ceil(fmax(peak, average)), (int64_t)ceil(average)};
}
