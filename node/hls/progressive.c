/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/hls/progressive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/hls/download_name.h"
#include "node/hls/media_time.h"
#include "node/hls/merged_init.h"
#include "node/util/log.h"
#include "transcoder/protocol/job.h"
#include "transcoder/text/hash.h"

enum {
    INIT_MAX_BYTES = 64 * 1024,
    START_BYTES = 4096, /* read from the first segment to find its start time */
    TRACKS = 2,
};

struct progressive {
    const struct store *store;
    struct media_index *index;
    const struct media_rendition *tracks[TRACKS]; /* the first is the requested rendition */
    size_t track_count;
    uint8_t *inits[TRACKS];
    struct buf beginning;
    struct http_extent *extents;
    struct source {
        const struct media_rendition *rendition;
        int32_t chunk;
    } * sources; /* where each extent comes from */
    size_t extent_count;
    char etag[24];
};

const struct media_rendition *progressive_sound(const struct media_index *index)
{
    for (size_t i = 0; i < index->rendition_count; i++)
        if (index->renditions[i].kind == CATALOG_AUDIO &&
            strcmp(index->renditions[i].codecs, "mp4a.40.2") == 0)
            return &index->renditions[i];
    return NULL;
}

static bool has_sound(const struct media_index *index)
{
    for (size_t i = 0; i < index->rendition_count; i++)
        if (index->renditions[i].kind == CATALOG_AUDIO)
            return true;
    return false;
}

bool progressive_ready(const struct media_index *index, const struct media_rendition *rendition)
{
    const struct media_rendition *sound = progressive_sound(index);
    if (!index->playable || !rendition->complete)
        return false;
    if (rendition->kind == CATALOG_AUDIO)
        return true;
    return rendition->kind == CATALOG_VIDEO &&
           (sound ? sound->complete && sound->segment_count == rendition->segment_count
                  : !has_sound(index));
}

/* ---- files ---- */

static int open_file(const struct progressive *p, const char *relative)
{
    char path[STORE_PATH_BYTES];
    int error = store_media_path(p->store, p->index->lesson_id, p->index->revision, relative, path);
    int fd = error ? error : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 && !error ? -errno : fd;
}

/* Reads an init segment into newly allocated memory. Returns its size or a negative errno. */
static ssize_t read_init(
    const struct progressive *p, const struct media_rendition *rendition, uint8_t **out)
{
    char relative[JOB_PATH_BYTES];
    ssize_t got = -ENAMETOOLONG;
    if (job_init_path(rendition->name, relative, sizeof(relative)) < 0)
        return got;
    int fd = open_file(p, relative);
    if (fd < 0)
        return fd;
    *out = malloc(INIT_MAX_BYTES);
    got = *out ? pread(fd, *out, INIT_MAX_BYTES, 0) : -1;
    if (got < 0)
        got = *out ? -errno : -ENOMEM;
    close(fd);
    return got == INIT_MAX_BYTES ? -EFBIG : got;
}

static int read_start(const struct progressive *p, int64_t *start_ticks)
{
    uint8_t data[START_BYTES];
    const struct media_segment *segment = &p->tracks[0]->segments[0];
    int fd = open_file(p, p->tracks[0]->chunks[segment->chunk].path);
    if (fd < 0)
        return fd;
    ssize_t got = pread(fd, data, sizeof(data), segment->offset_bytes);
    close(fd);
    if (got > segment->length_bytes)
        got = segment->length_bytes;
    return got > 0 && merged_segment_start(data, (size_t)got, start_ticks) == 0 ? 0 : -EBADMSG;
}

static int open_extent(void *ctx, size_t extent)
{
    const struct progressive *p = ctx;
    return open_file(p, p->sources[extent].rendition->chunks[p->sources[extent].chunk].path);
}

static void release(void *ctx)
{
    struct progressive *p = ctx;
    for (size_t i = 0; i < TRACKS; i++)
        free(p->inits[i]);
    buf_free(&p->beginning);
    free(p->extents);
    free(p->sources);
    media_index_unref(p->index);
    free(p);
}

/* ---- laying it out ---- */

/* Adds a segment to the extents. A segment that directly follows the previous one in the same file
 * extends that extent. */
static void add_segment(
    struct progressive *p, const struct media_rendition *rendition, size_t number)
{
    const struct media_segment *segment = &rendition->segments[number];
    struct http_extent *last = &p->extents[p->extent_count - 1];
    const struct source *source = &p->sources[p->extent_count - 1];
    if (source->rendition == rendition && source->chunk == segment->chunk &&
        last->offset_bytes + last->length_bytes == segment->offset_bytes) {
        last->length_bytes += segment->length_bytes;
        return;
    }
    p->sources[p->extent_count] = (struct source){rendition, segment->chunk};
    p->extents[p->extent_count++] = (struct http_extent){
        .offset_bytes = segment->offset_bytes, .length_bytes = segment->length_bytes};
}

static int lay_out(struct progressive *p)
{
    size_t segments = p->tracks[0]->segment_count;
    p->extents = calloc(1 + segments * p->track_count, sizeof(*p->extents));
    p->sources = calloc(1 + segments * p->track_count, sizeof(*p->sources));
    if (!p->extents || !p->sources)
        return -ENOMEM;
    p->extents[0] = (struct http_extent){
        .data = p->beginning.data, .length_bytes = (int64_t)p->beginning.used_bytes};
    p->extent_count = 1;
    for (size_t n = 0; n < segments; n++)
        for (size_t t = 0; t < p->track_count; t++)
            add_segment(p, p->tracks[t], n);
    return 0;
}

static struct merged_segment *measure_segments(const struct progressive *p)
{
    size_t count = p->tracks[0]->segment_count;
    struct merged_segment *segments = calloc(count, sizeof(*segments));
    for (size_t n = 0; segments && n < count; n++) {
        segments[n].duration_ticks = p->tracks[0]->segments[n].duration_ticks;
        for (size_t t = 0; t < p->track_count; t++)
            segments[n].bytes += p->tracks[t]->segments[n].length_bytes;
    }
    return segments;
}

static int write_beginning(struct progressive *p)
{
    const struct media_rendition *first = p->tracks[0];
    struct merged_input inputs[TRACKS];
    struct merged_params params = {.inputs = inputs,
        .input_count = p->track_count,
        .timescale = first->timescale,
        .segment_count = first->segment_count};
    int64_t ticks = 0;
    int error = read_start(p, &params.start_ticks);
    for (size_t t = 0; t < p->track_count && !error; t++) {
        ssize_t got = read_init(p, p->tracks[t], &p->inits[t]);
        if (got < 0)
            error = (int)got;
        else
            inputs[t] = (struct merged_input){p->inits[t], (size_t)got};
    }
    if (error)
        return error;
    struct merged_segment *segments = measure_segments(p);
    if (!segments)
        return -ENOMEM;
    for (size_t n = 0; n < first->segment_count; n++)
        ticks += segments[n].duration_ticks;
    ticks += params.start_ticks;
    params.duration_us =
        ticks / first->timescale * 1000000 + ticks % first->timescale * 1000000 / first->timescale;
    params.segments = segments;
    error = merged_init_write(&params, &p->beginning) < 0 ? -EBADMSG
            : p->beginning.failed                         ? -ENOMEM
                                                          : 0;
    free(segments);
    return error;
}

/* Makes the entity tag: a hash of the tags of all init segments and chunks, and of the
 * beginning. */
static void make_etag(struct progressive *p)
{
    uint64_t hash = HASH_START;
    for (size_t t = 0; t < p->track_count; t++) {
        hash = hash_text(hash, p->tracks[t]->init_etag);
        for (size_t i = 0; i < p->tracks[t]->chunk_count; i++)
            hash = hash_text(hash, p->tracks[t]->chunks[i].etag);
    }
    hash = hash_bytes(hash, p->beginning.data, p->beginning.used_bytes);
    snprintf(p->etag, sizeof(p->etag), "\"%016" PRIx64 "\"", hash);
}

static struct progressive *make(const struct store *store, struct media_index *index,
    const struct media_rendition *rendition, int *error)
{
    struct progressive *p = calloc(1, sizeof(*p));
    const struct media_rendition *sound = progressive_sound(index);
    *error = -ENOMEM;
    if (!p)
        return NULL;
    media_index_ref(index);
    p->store = store;
    p->index = index;
    p->tracks[p->track_count++] = rendition;
    if (rendition->kind == CATALOG_VIDEO && sound)
        p->tracks[p->track_count++] = sound;
    *error = write_beginning(p);
    if (!*error)
        *error = lay_out(p);
    if (!*error) {
        make_etag(p);
        return p;
    }
    release(p);
    return NULL;
}

/* ---- answering ---- */

static void add_disposition(
    struct http_request *req, const struct media_index *index, const char *rendition)
{
    struct buf text = {0};
    char plain[64], wanted[2];
    if (http_request_param(req, "download", wanted, sizeof(wanted)) != 1 || wanted[0] != '1')
        return;
    snprintf(plain, sizeof(plain), "lesson-%" PRId64 "-%s", index->lesson_id, rendition);
    download_name_write(&text, index->title, plain, ".mp4");
    if (text.data && !text.failed)
        http_response_header(req, "Content-Disposition", text.data);
    buf_free(&text);
}

void progressive_respond(struct http_request *req, const struct store *store,
    struct media_index *index, const struct media_rendition *rendition, const char *cache_control)
{
    int error;
    struct progressive *p = make(store, index, rendition, &error);
    if (!p) {
        log_write(LOG_ERROR, "hls", "lesson %" PRId64 ": %s as one file: %s", index->lesson_id,
            rendition->name, strerror(-error));
        http_response_header(req, "Cache-Control", "no-store");
        http_respond_error(req, 500, "media_unavailable", "内容暂时无法读取",
            "The media can't be read at present.");
        return;
    }
    add_disposition(req, index, rendition->name);
    media_time_announce(req, rendition, 0, rendition->segment_count);
    http_respond_extents(
        req, &(struct http_extents){
                 .items = p->extents,
                 .count = p->extent_count,
                 .open = open_extent,
                 .release = release,
                 .ctx = p,
                 .content_type = rendition->kind == CATALOG_AUDIO ? "audio/mp4" : "video/mp4",
                 .etag = p->etag,
                 .cache_control = cache_control,
             });
}
