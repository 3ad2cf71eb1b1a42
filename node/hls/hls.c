/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/hls/hls.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/answer/answer.h"
#include "node/hls/lesson_cache.h"
#include "node/hls/lesson_watch.h"
#include "node/hls/media_number.h"
#include "node/hls/media_time.h"
#include "node/hls/playlist.h"
#include "node/hls/playlist_response.h"
#include "node/hls/progressive.h"
#include "node/util/clock.h"
#include "node/util/log.h"
#include "transcoder/protocol/job.h"

#define TEXT_TYPE "text/vtt; charset=utf-8"

/*
 * How long a cache may keep responses for a published lesson.
 *
 * Segments, init segments, images and complete media playlists never change under their URL,
 * because it contains the revision. So they may be kept forever.
 * The multivariant playlist is the entry to all of them. A copy delays the moment when a withdrawn
 * lesson disappears, and languages can be edited. Asking again costs one 304 for each lesson.
 * Responses for an unpublished lesson, which only a known user gets, must not be in any cache.
 */
#define CACHE_FOR_EVER "public, max-age=31536000, immutable"
#define CACHE_MASTER "public, max-age=300"
/* For a multivariant playlist that depends on the terminal's link or on its player. */
#define CACHE_MASTER_OWN "private, max-age=300"
#define CACHE_GROWING "public, max-age=1"
#define CACHE_NEVER "private, no-store"

struct hls {
    const struct store *store;
    struct lesson_cache *cache;
    struct lesson_watch *watch;
    int64_t (*estimate_bps)(const struct http_request *req, void *ctx);
    void *estimate_ctx;
};

/* Answers a request from the lesson. Returns false if the lesson does not have what was asked for;
 * then nothing was sent. */
typedef bool (*serve_fn)(
    struct http_request *req, const struct hls *hls, const struct lesson_view *view);

/* ---- answers ---- */

static void respond_not_found(struct http_request *req)
{
    http_response_header(req, "Cache-Control", "no-store");
    http_respond_error(req, 404, "not_found", "没有这个内容", "There is no such media.");
}

static void respond_failure(struct http_request *req)
{
    http_response_header(req, "Cache-Control", "no-store");
    http_respond_error(
        req, 500, "media_unavailable", "内容暂时无法读取", "The media can't be read at present.");
}

static const char *cache_control(const struct lesson_view *view, const char *when_published)
{
    return view->published ? when_published : CACHE_NEVER;
}

/* Returns the number of a rendition's media playlist in packed_texts. Each rendition has three
 * numbers in a row, from 1. */
static size_t media_number(const struct media_index *index, const struct media_rendition *rendition)
{
    return 1 + 3 * (size_t)(rendition - index->renditions);
}

enum {
    MASTER_NUMBER = 0,
    IFRAMES_NUMBER = 1, /* added to the number of the media playlist */
    FIRST_NUMBER = 2    /* added to the number of the media playlist: the multivariant playlist that
                         * lists this rendition first */
};

/* The number of the multivariant playlist without audio-only variants. It comes after all
 * others. */
static size_t pictures_number(const struct media_index *index)
{
    return 1 + 3 * index->rendition_count;
}

static void send_playlist(struct http_request *req, const struct lesson_view *view,
    const struct playlist_response *playlist)
{
    if (playlist_respond(req, view->index, playlist))
        return;
    log_write(LOG_ERROR, "hls", "%s: out of memory", http_request_path(req));
    respond_failure(req);
}

/* A file in the folder of the lesson's revision. */
struct media_file {
    const char *path; /* relative to that folder */
    int64_t offset_bytes;
    int64_t length_bytes; /* -1: to the end of the file */
    const char *content_type;
    const char *etag; /* NULL: made from the file's size and modification time */
};

static void respond_media(struct http_request *req, const struct hls *hls,
    const struct lesson_view *view, struct media_file *file)
{
    char path[STORE_PATH_BYTES];
    int error = store_media_path(
        hls->store, view->index->lesson_id, view->index->revision, file->path, path);
    if (!error)
        error = http_respond_file(req, &(struct http_file){
                                           .path = path,
                                           .offset_bytes = file->offset_bytes,
                                           .length_bytes = file->length_bytes,
                                           .content_type = file->content_type,
                                           .etag = file->etag,
                                           .cache_control = cache_control(view, CACHE_FOR_EVER),
                                       });
    if (!error)
        return;
    log_write(LOG_ERROR, "hls", "lesson %" PRId64 ": %s: %s", view->index->lesson_id, file->path,
        error == -EIO ? "shorter than recorded, or no file" : strerror(-error));
    if (error == -ENOENT)
        respond_not_found(req);
    else
        respond_failure(req);
}

/* ---- what there is ---- */

static const struct media_rendition *find_rendition(
    const struct http_request *req, const struct lesson_view *view)
{
    return media_index_find(view->index, http_request_arg(req, "rendition"));
}

static const char *media_type(const struct media_rendition *rendition)
{
    switch (rendition->kind) {
    case CATALOG_TEXT:
        return TEXT_TYPE;
    case CATALOG_AUDIO:
        return "audio/mp4";
    case CATALOG_LEGACY:
        return "video/mp2t";
    default:
        return "video/mp4";
    }
}

/* Whether the client is VLC 3. It takes audio-only variants for the lowest video variants, starts
 * with one, and has no audio once it switches to video. */
static bool mixes_sound_in(const struct http_request *req)
{
    const char *user_agent = http_request_header(req, "User-Agent");
    return user_agent && strstr(user_agent, "LibVLC/3");
}

static void serve_pictures(struct http_request *req, const struct lesson_view *view)
{
    send_playlist(req, view,
        &(struct playlist_response){
            .number = pictures_number(view->index),
            .write = playlist_write_pictures,
            .caching =
                cache_control(view, view->index->complete ? CACHE_MASTER_OWN : CACHE_GROWING),
        });
}

static bool serve_master(
    struct http_request *req, const struct hls *hls, const struct lesson_view *view)
{
    if (!view->index->playable)
        return false;
    if (mixes_sound_in(req)) {
        serve_pictures(req, view);
        return true;
    }
    int64_t link_bps = hls->estimate_bps ? hls->estimate_bps(req, hls->estimate_ctx) : 0;
    const struct media_rendition *first = playlist_first_variant(view->index, link_bps);
    send_playlist(req, view,
        &(struct playlist_response){
            .number = first ? media_number(view->index, first) + FIRST_NUMBER : MASTER_NUMBER,
            .rendition = first,
            .write = playlist_write_master,
            .caching = cache_control(view, !view->index->complete ? CACHE_GROWING
                                           : first                ? CACHE_MASTER_OWN
                                                                  : CACHE_MASTER),
        });
    return true;
}

static bool serve_media_playlist(
    struct http_request *req, const struct hls *hls, const struct lesson_view *view)
{
    const struct media_rendition *rendition = find_rendition(req, view);
    (void)hls;
    if (!rendition)
        return false;
    send_playlist(req, view,
        &(struct playlist_response){
            .number = media_number(view->index, rendition),
            .rendition = rendition,
            .write = playlist_write_media,
            .caching = cache_control(view, view->index->complete ? CACHE_FOR_EVER : CACHE_GROWING),
        });
    return true;
}

static bool serve_iframe_playlist(
    struct http_request *req, const struct hls *hls, const struct lesson_view *view)
{
    const struct media_rendition *rendition = find_rendition(req, view);
    (void)hls;
    if (!rendition || !rendition->iframes)
        return false;
    send_playlist(req, view,
        &(struct playlist_response){
            .number = media_number(view->index, rendition) + IFRAMES_NUMBER,
            .rendition = rendition,
            .write = playlist_write_iframes,
            .caching = cache_control(view, view->index->complete ? CACHE_FOR_EVER : CACHE_GROWING),
        });
    return true;
}

static bool serve_init(
    struct http_request *req, const struct hls *hls, const struct lesson_view *view)
{
    const struct media_rendition *rendition = find_rendition(req, view);
    char path[JOB_PATH_BYTES];
    struct media_file file = {.path = path, .length_bytes = -1};
    if (!rendition || !catalog_has_init(rendition->kind) ||
        job_init_path(rendition->name, path, sizeof(path)) < 0)
        return false;
    file.content_type = media_type(rendition);
    file.etag = rendition->init_etag;
    respond_media(req, hls, view, &file);
    return true;
}

static bool serve_segment(
    struct http_request *req, const struct hls *hls, const struct lesson_view *view)
{
    const struct media_rendition *rendition = find_rendition(req, view);
    if (!rendition)
        return false;
    int64_t number =
        media_number_parse(http_request_arg(req, "segment"), playlist_suffix(rendition->kind));
    if (number < 0 || (uint64_t)number >= rendition->segment_count)
        return false;
    const struct media_segment *segment = &rendition->segments[number];
    struct media_file file = {.path = rendition->chunks[segment->chunk].path,
        .offset_bytes = segment->offset_bytes,
        .length_bytes = segment->length_bytes,
        .content_type = media_type(rendition),
        .etag = rendition->chunks[segment->chunk].etag};
    media_time_announce(req, rendition, (size_t)number, 1);
    respond_media(req, hls, view, &file);
    return true;
}

static bool serve_poster(
    struct http_request *req, const struct hls *hls, const struct lesson_view *view)
{
    struct media_file file = {
        .path = view->index->poster_file, .length_bytes = -1, .content_type = "image/jpeg"};
    if (!*file.path)
        return false;
    respond_media(req, hls, view, &file);
    return true;
}

/* Returns the rendition for a file name such as "v220.mp4"; NULL if there is none. */
static const struct media_rendition *find_file(const struct lesson_view *view, const char *file)
{
    size_t bytes = strlen(file);
    char name[64];
    if (bytes <= 4 || bytes - 4 >= sizeof(name) || strcmp(file + bytes - 4, ".mp4") != 0)
        return NULL;
    memcpy(name, file, bytes - 4);
    name[bytes - 4] = '\0';
    return media_index_find(view->index, name);
}

static bool serve_progressive(struct http_request *req, const struct hls *hls,
    const struct lesson_view *view, const struct media_rendition *rendition)
{
    if (!progressive_ready(view->index, rendition))
        return false;
    progressive_respond(
        req, hls->store, view->index, rendition, cache_control(view, CACHE_FOR_EVER));
    return true;
}

static bool serve_storyboard(
    struct http_request *req, const struct hls *hls, const struct lesson_view *view)
{
    struct media_file file = {
        .path = JOB_STORYBOARD_INDEX, .length_bytes = -1, .content_type = TEXT_TYPE};
    if (view->index->storyboard_sheets == 0)
        return false;
    respond_media(req, hls, view, &file);
    return true;
}

static bool serve_sheet(struct http_request *req, const struct hls *hls,
    const struct lesson_view *view, const char *name)
{
    static const char prefix[] = "storyboard-";
    char path[JOB_PATH_BYTES];
    struct media_file file = {.path = path, .length_bytes = -1, .content_type = "image/jpeg"};
    int64_t number = strncmp(name, prefix, sizeof(prefix) - 1) == 0
                         ? media_number_parse(name + sizeof(prefix) - 1, ".jpg")
                         : -1;
    if (number < 0 || number >= view->index->storyboard_sheets ||
        job_sheet_path((int)number, path, sizeof(path)) < 0)
        return false;
    respond_media(req, hls, view, &file);
    return true;
}

/* Serves a storyboard sheet, or a rendition as one MP4 file. Poster and storyboard index have
 * routes of their own. */
static bool serve_file(
    struct http_request *req, const struct hls *hls, const struct lesson_view *view)
{
    const char *name = http_request_arg(req, "file");
    const struct media_rendition *rendition = find_file(view, name);
    return rendition ? serve_progressive(req, hls, view, rendition)
                     : serve_sheet(req, hls, view, name);
}

/* ---- from a URL to the lesson ---- */

struct lookup {
    struct hls *hls;
    serve_fn serve;
    int64_t lesson_id;
    int revision;
    int64_t newer_than_ms;
    struct lesson_view view;
    int error; /* enum catalog_error */
};

/* Whether the request may see the lesson. If not, the answer must not reveal what the lesson
 * has. */
static bool visible(const struct http_request *req, const struct lookup *lookup)
{
    const struct lesson_view *view = &lookup->view;
    return !lookup->error && view->index->revision == lookup->revision &&
           (view->published || http_request_user(req));
}

/* Answers from the lesson if the request may see it. Returns false if nothing was sent. */
static bool answer(struct http_request *req, const struct lookup *lookup)
{
    return visible(req, lookup) && lookup->serve(req, lookup->hls, &lookup->view);
}

static void respond_missing(struct http_request *req, const struct lookup *lookup)
{
    const struct media_rendition *rendition = NULL;
    if (lookup->serve == serve_file && visible(req, lookup))
        rendition = find_file(&lookup->view, http_request_arg(req, "file"));
    if (!rendition || !catalog_has_init(rendition->kind)) {
        respond_not_found(req);
        return;
    }
    http_response_header(req, "Cache-Control", "no-store");
    http_respond_error(req, 404, "not_complete", "这个内容还没有制作完成，完成后才能下载",
        "This is still being made; it can be downloaded once it is complete.");
}

static void load_in_pool(void *thread_ctx, void *task)
{
    struct lookup *lookup = task;
    struct catalog *catalog = thread_ctx;
    lookup->error = lesson_cache_load(
        lookup->hls->cache, catalog, lookup->lesson_id, lookup->newer_than_ms, &lookup->view);
    if (lookup->error && lookup->error != CATALOG_ENOTFOUND)
        log_write(LOG_ERROR, "hls", "lesson %" PRId64 ": %s", lookup->lesson_id,
            lookup->error == CATALOG_ECORRUPT ? "its index is damaged" : catalog_message(catalog));
}

static void on_lesson_loaded(struct http_request *req, void *task)
{
    struct lookup *lookup = task;
    if (lookup->error && lookup->error != CATALOG_ENOTFOUND)
        respond_failure(req);
    else if (lookup->error || !answer(req, lookup))
        respond_missing(req, lookup);
    media_index_unref(lookup->view.index);
    free(lookup);
}

static void load_lesson(struct http_request *req, const struct lookup *lookup)
{
    if (!http_request_turned_away(req))
        answer_defer(req, lookup, sizeof(*lookup), load_in_pool, on_lesson_loaded);
}

/* Answers from the cache if possible. But a request is never refused because of the cache: the
 * lesson may just have been published, or the segment just finished, so the catalog is asked again
 * first. */
static void resolve(struct http_request *req, struct hls *hls, serve_fn serve)
{
    int64_t now_ms = clock_mono_ms();
    int64_t revision = media_number_parse(http_request_arg(req, "revision"), "");
    struct lookup lookup = {
        .hls = hls,
        .serve = serve,
        .lesson_id = media_number_parse(http_request_arg(req, "lesson"), ""),
        .revision = (int)revision,
        .newer_than_ms = now_ms - LESSON_CACHE_TRUST_MS,
    };
    bool answered = false;
    if (lookup.lesson_id < 1 || revision < 1) {
        respond_not_found(req);
        return;
    }
    if (lesson_cache_get(hls->cache, lookup.lesson_id, now_ms, &lookup.view)) {
        answered = answer(req, &lookup);
        media_index_unref(lookup.view.index);
        lookup.view = (struct lesson_view){0};
        lookup.newer_than_ms = now_ms;
    }
    if (!answered)
        load_lesson(req, &lookup);
}

static void handle_master(struct http_request *req, void *ctx)
{
    resolve(req, ctx, serve_master);
}

static void handle_media_playlist(struct http_request *req, void *ctx)
{
    resolve(req, ctx, serve_media_playlist);
}

static void handle_iframe_playlist(struct http_request *req, void *ctx)
{
    resolve(req, ctx, serve_iframe_playlist);
}

static void handle_init(struct http_request *req, void *ctx)
{
    resolve(req, ctx, serve_init);
}

static void handle_segment(struct http_request *req, void *ctx)
{
    resolve(req, ctx, serve_segment);
}

static void handle_poster(struct http_request *req, void *ctx)
{
    resolve(req, ctx, serve_poster);
}

static void handle_storyboard(struct http_request *req, void *ctx)
{
    resolve(req, ctx, serve_storyboard);
}

static void handle_file(struct http_request *req, void *ctx)
{
    resolve(req, ctx, serve_file);
}

/* ---- the module ---- */

/* Specific patterns come before the general one. */
static const struct http_route routes[] = {
    {.methods = HTTP_GET,
        .pattern = "/v/:lesson/:revision/master.m3u8",
        .handle = handle_master,
        .about = "multivariant playlist"},
    {.methods = HTTP_GET,
        .pattern = "/v/:lesson/:revision/poster.jpg",
        .handle = handle_poster,
        .about = "poster picture"},
    {.methods = HTTP_GET,
        .pattern = "/v/:lesson/:revision/storyboard.vtt",
        .handle = handle_storyboard,
        .about = "index of the storyboard's sheets"},
    {.methods = HTTP_GET,
        .pattern = "/v/:lesson/:revision/:file",
        .handle = handle_file,
        .about = "storyboard-N.jpg: a sheet of the storyboard, from 0; RENDITION.mp4: the "
                 "rendition as one file, with its sound (?download=1)"},
    {.methods = HTTP_GET,
        .pattern = "/v/:lesson/:revision/:rendition/index.m3u8",
        .handle = handle_media_playlist,
        .about = "media playlist"},
    {.methods = HTTP_GET,
        .pattern = "/v/:lesson/:revision/:rendition/iframes.m3u8",
        .handle = handle_iframe_playlist,
        .about = "I-frame playlist"},
    {.methods = HTTP_GET,
        .pattern = "/v/:lesson/:revision/:rendition/init.mp4",
        .handle = handle_init,
        .about = "init segment"},
    {.methods = HTTP_GET,
        .pattern = "/v/:lesson/:revision/:rendition/:segment",
        .handle = handle_segment,
        .about = "segment N.m4s (legacy: N.ts; subtitles: N.vtt), from 0"},
};

int hls_open(struct hls **out, const struct hls_params *params)
{
    struct hls *hls = calloc(1, sizeof(*hls));
    *out = NULL;
    if (!hls)
        return -ENOMEM;
    hls->store = params->store;
    hls->estimate_bps = params->estimate_bps;
    hls->estimate_ctx = params->estimate_ctx;
    int error = lesson_cache_open(
        &hls->cache, &(struct lesson_cache_params){.max_lessons = params->max_lessons});
    if (error == 0 && params->store)
        error = lesson_watch_open(&hls->watch, hls->cache, store_catalog_path(params->store));
    if (error)
        hls_close(&hls);
    else
        *out = hls;
    return error;
}

void hls_close(struct hls **hls)
{
    if (!*hls)
        return;
    lesson_watch_close(&(*hls)->watch);
    lesson_cache_close(&(*hls)->cache);
    free(*hls);
    *hls = NULL;
}

struct http_route_set hls_routes(struct hls *hls)
{
    return (struct http_route_set){routes, sizeof(routes) / sizeof(routes[0]), hls};
}
