/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/node/hls/lesson_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "transcoder/text/hash.h"

#define NOW_MS 1790000000000
#define OWNER "fixture"
#define LEASE_MS 60000
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the data folder ---- */

static void *open_catalog(void *ctx)
{
    const struct lesson_fixture *fixture = ctx;
    struct catalog *catalog = NULL;
    char message[256];
    if (catalog_open(&catalog, &(struct catalog_params){.path = store_catalog_path(fixture->store)},
            message, sizeof(message)))
        fail_msg("catalog: %s", message);
    return catalog;
}

static void close_catalog(void *thread_ctx)
{
    struct catalog *catalog = thread_ctx;
    catalog_close(&catalog);
}

void lesson_fixture_open(struct lesson_fixture *fixture)
{
    char message[256];
    *fixture = (struct lesson_fixture){.folder = "/tmp/terrace-unit-XXXXXX"};
    assert_non_null(mkdtemp(fixture->folder));
    if (store_open(&fixture->store, &(struct store_params){.path = fixture->folder, .create = true},
            message, sizeof(message)))
        fail_msg("store: %s", message);
    fixture->catalog = open_catalog(fixture);
}

void lesson_fixture_close(struct lesson_fixture *fixture)
{
    char command[128];
    http_server_close(&fixture->server, 1000);
    catalog_close(&fixture->catalog);
    store_close(&fixture->store);
    snprintf(command, sizeof(command), "rm -rf -- %s", fixture->folder);
    assert_int_equal(system(command), 0);
}

/* ---- lessons ---- */

unsigned char lesson_fixture_byte(const char *relative, size_t at)
{
    return (unsigned char)(hash_text(at * 0x9E3779B97F4A7C15U, relative) >> 32);
}

/* Writes a file of a lesson with the bytes of lesson_fixture_byte(), and its SHA-256 into
 * sha256[65]. */
static void write_file(struct lesson_fixture *fixture, const struct catalog_job *job,
    const char *relative, size_t bytes, char *sha256)
{
    char path[STORE_PATH_BYTES];
    char command[STORE_PATH_BYTES + 32];
    assert_int_equal(
        store_media_path(fixture->store, job->lesson_id, job->revision, relative, path), 0);
    snprintf(command, sizeof(command), "mkdir -p -- $(dirname %s)", path);
    assert_int_equal(system(command), 0);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < bytes; i++)
        putc(lesson_fixture_byte(relative, i), file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(store_file_sha256(path, sha256), 0);
}

static struct catalog_rendition find_rendition(
    struct catalog_renditions *renditions, enum catalog_media_kind kind, bool optional)
{
    for (size_t i = 0; i < renditions->count; i++)
        if (renditions->items[i].kind == kind && renditions->items[i].optional == optional)
            return renditions->items[i];
    fail_msg("no rendition of kind %d", kind);
    return renditions->items[0];
}

static void make_init(struct lesson_fixture *fixture, const struct catalog_job *job,
    const struct catalog_rendition *rendition)
{
    char relative[64];
    char sha256[65];
    snprintf(relative, sizeof(relative), "%s/init.mp4", rendition->name);
    write_file(fixture, job, relative, FIXTURE_INIT_BYTES, sha256);
    assert_int_equal(catalog_rendition_set_init(fixture->catalog, job->id, OWNER, rendition->id,
                         FIXTURE_INIT_BYTES, sha256,
                         rendition->optional                ? "av01.0.05M.08"
                         : rendition->kind == CATALOG_VIDEO ? "avc1.4D401F"
                                                            : "mp4a.40.2"),
        0);
}

static void make_chunk(struct lesson_fixture *fixture, const struct catalog_job *job,
    const struct catalog_rendition *rendition, int number)
{
    int iframe_bytes = rendition->kind == CATALOG_VIDEO ? FIXTURE_IFRAME_BYTES : 0;
    struct catalog_segment segments[] = {
        {0, FIXTURE_FIRST_BYTES, 6 * rendition->timescale, iframe_bytes},
        {FIXTURE_FIRST_BYTES, FIXTURE_SECOND_BYTES, 6 * rendition->timescale, iframe_bytes},
    };
    struct catalog_chunk chunk = {.rendition_id = rendition->id,
        .number = number,
        .bytes = FIXTURE_FIRST_BYTES + FIXTURE_SECOND_BYTES,
        .segments = segments,
        .segment_count = COUNT(segments)};
    char relative[64];
    char sha256[65];
    snprintf(relative, sizeof(relative), "%s/%05d.chunk", rendition->name, number);
    write_file(fixture, job, relative, (size_t)chunk.bytes, sha256);
    chunk.sha256 = sha256;
    assert_int_equal(catalog_chunk_add(fixture->catalog, job->id, OWNER, &chunk, NOW_MS), 0);
}

static void plan_lesson(struct lesson_fixture *fixture, const struct catalog_job *job)
{
    const struct catalog_new_rendition renditions[] = {
        {.name = "v400",
            .kind = CATALOG_VIDEO,
            .width = 854,
            .height = 480,
            .fps_num = 25,
            .fps_den = 1,
            .language = "",
            .cap_bps = 400000,
            .timescale = 12800,
            .chunk_count = FIXTURE_CHUNKS,
            .plan_text = "plan"},
        {.name = "a32",
            .kind = CATALOG_AUDIO,
            .channels = 1,
            .sample_rate = 48000,
            .language = "zh",
            .cap_bps = 32000,
            .timescale = 48000,
            .chunk_count = FIXTURE_CHUNKS,
            .plan_text = "plan"},
        {.name = "av400",
            .kind = CATALOG_VIDEO,
            .width = 854,
            .height = 480,
            .fps_num = 25,
            .fps_den = 1,
            .language = "",
            .cap_bps = 400000,
            .timescale = 12800,
            .chunk_count = FIXTURE_CHUNKS,
            .plan_text = "plan",
            .optional = true},
    };
    const struct catalog_new_job jobs[] = {
        {.kind = CATALOG_JOB_AUDIO, .cost = 1},
        {.kind = CATALOG_JOB_POSTER, .cost = 1},
        {.kind = CATALOG_JOB_VIDEO, .cost = 5},
        {.kind = CATALOG_JOB_VIDEO, .chunk = 1, .cost = 5},
        {.kind = CATALOG_JOB_VIDEO, .chunk = FIXTURE_CHUNKS, .cost = 5, .optional = true},
        {.kind = CATALOG_JOB_VIDEO, .chunk = FIXTURE_CHUNKS + 1, .cost = 5, .optional = true},
    };
    const struct catalog_probe_result result = {.info_text = "info",
        .title = "",
        .duration_us = 24000000,
        .remuxed_file = "",
        .renditions = renditions,
        .rendition_count = COUNT(renditions) - (fixture->optional ? 0 : 1),
        .jobs = jobs,
        .job_count = COUNT(jobs) - (fixture->optional ? 0 : FIXTURE_CHUNKS)};
    assert_int_equal(
        catalog_job_finish_probe(fixture->catalog, job->id, OWNER, &result, NOW_MS), 0);
}

static void make_media(struct lesson_fixture *fixture, const struct catalog_job *job, int kind)
{
    struct catalog_renditions renditions = {0};
    bool optional = job->chunk >= FIXTURE_CHUNKS;
    int first = kind == CATALOG_AUDIO ? 0 : job->chunk % FIXTURE_CHUNKS;
    int last = kind == CATALOG_AUDIO ? FIXTURE_CHUNKS - 1 : first;
    assert_int_equal(catalog_renditions(fixture->catalog, job->lesson_id, &renditions), 0);
    struct catalog_rendition rendition = find_rendition(&renditions, kind, optional);
    make_init(fixture, job, &rendition);
    for (int number = first; number <= last; number++)
        make_chunk(fixture, job, &rendition, number);
    catalog_renditions_free(&renditions);
}

static void make_poster(struct lesson_fixture *fixture, const struct catalog_job *job)
{
    char sha256[65];
    write_file(fixture, job, "poster.jpg", FIXTURE_POSTER_BYTES, sha256);
    assert_int_equal(catalog_lesson_set_poster(fixture->catalog, job->id, OWNER, "poster.jpg"), 0);
    write_file(fixture, job, "storyboard.vtt", FIXTURE_POSTER_BYTES, sha256);
    write_file(fixture, job, "storyboard-0.jpg", FIXTURE_POSTER_BYTES, sha256);
    assert_int_equal(catalog_lesson_set_storyboard(fixture->catalog, job->id, OWNER, 1), 0);
}

bool lesson_fixture_work(struct lesson_fixture *fixture)
{
    struct catalog_jobs jobs = {0};
    int error =
        catalog_job_lease(fixture->catalog, OWNER, NOW_MS, LEASE_MS, NOW_MS + LEASE_MS, &jobs);
    if (error == CATALOG_ENOTFOUND)
        return false;
    assert_int_equal(error, 0);
    const struct catalog_job *job = &jobs.items[0];
    if (job->kind == CATALOG_JOB_PROBE)
        plan_lesson(fixture, job);
    else if (job->kind == CATALOG_JOB_POSTER)
        make_poster(fixture, job);
    else
        make_media(fixture, job, job->kind == CATALOG_JOB_AUDIO ? CATALOG_AUDIO : CATALOG_VIDEO);
    if (job->kind != CATALOG_JOB_PROBE)
        assert_int_equal(catalog_job_finish(fixture->catalog, job->id, OWNER, NOW_MS), 0);
    catalog_jobs_free(&jobs);
    return true;
}

void lesson_fixture_finish(struct lesson_fixture *fixture)
{
    while (lesson_fixture_work(fixture))
        ;
}

static bool is_probed(struct lesson_fixture *fixture, int64_t lesson_id)
{
    struct catalog_lessons lessons = {0};
    assert_int_equal(catalog_lesson_get(fixture->catalog, lesson_id, &lessons), 0);
    bool probed = lessons.items[0].state != CATALOG_LESSON_QUEUED;
    catalog_lessons_free(&lessons);
    return probed;
}

int64_t lesson_fixture_create(struct lesson_fixture *fixture, bool published)
{
    char name[33];
    struct catalog_new_lesson lesson = {.title = "水稻育秧",
        .language = "zh",
        .submitter = "test",
        .publish = published,
        .source_file = name,
        .source_name = "rice.mp4",
        .source_bytes = 1,
        .source_sha256 = "",
        .now_ms = NOW_MS};
    int64_t lesson_id = 0;
    lesson_fixture_finish(fixture);
    store_new_name(name);
    assert_int_equal(catalog_lesson_create(fixture->catalog, &lesson, &lesson_id), 0);
    while (!is_probed(fixture, lesson_id))
        assert_true(lesson_fixture_work(fixture));
    return lesson_id;
}

/* ---- the server and its client ---- */

static bool guard(struct http_request *req, const struct http_route *route, void *ctx)
{
    (void)route;
    (void)ctx;
    if (http_request_header(req, "X-Test-User"))
        (void)http_request_set_user(req, &(struct http_user){.name = "li", .role = "operator"});
    return true;
}

void lesson_fixture_serve(struct lesson_fixture *fixture, const struct http_route_set *sets,
    size_t set_count, http_observe_fn observe, void *observe_ctx)
{
    char message[256];
    const struct http_server_params params = {.listen = "127.0.0.1:0",
        .loops = 2,
        .route_sets = sets,
        .route_set_count = set_count,
        .guard = guard,
        .observe = observe,
        .observe_ctx = observe_ctx,
        .pace = fixture->pace,
        .delivered = fixture->delivered,
        .pace_ctx = fixture->pace_ctx,
        .pool_threads = 2,
        .thread_open = open_catalog,
        .thread_close = close_catalog,
        .thread_ctx_ctx = fixture};
    if (http_server_open(&fixture->server, &params, message, sizeof(message)))
        fail_msg("server: %s", message);
}

/* Reads a file, puts a NUL after its bytes, and deletes it. A missing file is read as an empty
 * one. */
static unsigned char *read_file(
    const struct lesson_fixture *fixture, const char *name, size_t *bytes)
{
    char path[128];
    struct stat status;
    snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
    FILE *file = fopen(path, "rb");
    *bytes = file && fstat(fileno(file), &status) == 0 ? (size_t)status.st_size : 0;
    unsigned char *data = calloc(1, *bytes + 1);
    assert_non_null(data);
    if (file) {
        assert_int_equal(fread(data, 1, *bytes, file), *bytes);
        fclose(file);
        unlink(path);
    }
    return data;
}

struct reply lesson_fixture_get(
    struct lesson_fixture *fixture, const char *options, const char *path)
{
    struct reply reply = {0};
    char command[1024];
    unsigned char *headers;
    size_t bytes = 0;
    FILE *curl;
    int status;
    snprintf(command, sizeof(command),
        "curl -s -g --path-as-is -D %s/headers -o %s/body -w '%%{http_code} %%{size_header} "
        "%%{size_download}' %s "
        "'http://127.0.0.1:%d%s'",
        fixture->folder, fixture->folder, options, http_server_port(fixture->server), path);
    curl = popen(command, "r");
    assert_non_null(curl);
    assert_int_equal(
        fscanf(curl, "%d %ld %ld", &reply.status, &reply.header_bytes, &reply.body_bytes), 3);
    status = pclose(curl);
    reply.curl_exit = WEXITSTATUS(status);
    headers = read_file(fixture, "headers", &bytes);
    snprintf(reply.headers, sizeof(reply.headers), "%s", (const char *)headers);
    free(headers);
    reply.body = read_file(fixture, "body", &bytes);
    return reply;
}

void reply_free(struct reply *reply)
{
    free(reply->body);
    *reply = (struct reply){0};
}

int lesson_fixture_status(struct lesson_fixture *fixture, const char *options, const char *path)
{
    struct reply reply = lesson_fixture_get(fixture, options, path);
    int status = reply.status;
    reply_free(&reply);
    return status;
}
