/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The URLs below /v/ over a real socket: what each answers, to whom, and how soon changes are
 * visible. The client is curl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/hls/hls.h"
#include "tests/node/hls/lesson_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KNOWN "-H 'X-Test-User: li'"

struct context {
    struct lesson_fixture fixture;
    struct hls *hls;
    struct http_route_set routes;
};

static int setup(void **state)
{
    struct context *context = calloc(1, sizeof(*context));
    assert_non_null(context);
    lesson_fixture_open(&context->fixture);
    assert_int_equal(
        hls_open(&context->hls, &(struct hls_params){.store = context->fixture.store}), 0);
    context->routes = hls_routes(context->hls);
    lesson_fixture_serve(&context->fixture, &context->routes, 1, NULL, NULL);
    *state = context;
    return 0;
}

static int teardown(void **state)
{
    struct context *context = *state;
    lesson_fixture_close(&context->fixture);
    hls_close(&context->hls);
    assert_null(context->hls);
    free(context);
    return 0;
}

static void expect_header(const struct reply *reply, const char *line)
{
    if (!strcasestr(reply->headers, line))
        fail_msg("no \"%s\" in:\n%s", line, reply->headers);
}

static void expect_body(const struct reply *reply, const char *relative, size_t from, size_t bytes)
{
    assert_int_equal(reply->body_bytes, bytes);
    for (size_t i = 0; i < bytes; i++)
        if (reply->body[i] != lesson_fixture_byte(relative, from + i))
            fail_msg("%s: byte %zu is %d, not %d", relative, from + i, reply->body[i],
                lesson_fixture_byte(relative, from + i));
}

/* Repeats the request until it gets the expected status. How soon that must be is tested with the
 * clock in lesson_cache_test.c. */
static void wait_for_status(struct lesson_fixture *fixture, const char *path, int status)
{
    int tries = 0;
    while (lesson_fixture_status(fixture, "", path) != status)
        if (++tries > 2000)
            fail_msg("%s never answered %d", path, status);
}

static void test_playlists_are_served(void **state)
{
    struct context *context = *state;
    struct lesson_fixture *fixture = &context->fixture;
    lesson_fixture_create(fixture, true);
    lesson_fixture_finish(fixture);
    struct reply reply = lesson_fixture_get(fixture, "", "/v/1/1/master.m3u8");
    assert_int_equal(reply.status, 200);
    expect_header(&reply, "Content-Type: application/vnd.apple.mpegurl\r\n");
    expect_header(&reply, "Cache-Control: public, max-age=300\r\n");
    expect_header(&reply, "ETag: \"");
    assert_non_null(strstr((char *)reply.body, "\nv400/index.m3u8\n"));
    assert_non_null(strstr((char *)reply.body, "URI=\"a32/index.m3u8\""));
    reply_free(&reply);

    reply = lesson_fixture_get(fixture, "", "/v/1/1/a32/index.m3u8");
    assert_int_equal(reply.status, 200);
    expect_header(&reply, "Cache-Control: public, max-age=31536000, immutable\r\n");
    assert_non_null(strstr((char *)reply.body, "3.m4s\n#EXT-X-ENDLIST\n"));
    reply_free(&reply);

    reply = lesson_fixture_get(fixture, "", "/v/1/1/v400/iframes.m3u8");
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr((char *)reply.body, "#EXT-X-BYTERANGE:9000@0\n3.m4s\n"));
    reply_free(&reply);
    assert_int_equal(lesson_fixture_status(fixture, "", "/v/1/1/a32/iframes.m3u8"), 404);

    reply = lesson_fixture_get(fixture, "--head", "/v/1/1/master.m3u8");
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body_bytes, 0);
    reply_free(&reply);
    reply = lesson_fixture_get(fixture, "--compressed", "/v/1/1/master.m3u8");
    expect_header(&reply, "Content-Encoding: gzip\r\n");
    assert_non_null(strstr((char *)reply.body, "\nv400/index.m3u8\n"));
    reply_free(&reply);
}

static void test_revalidation_gives_304(void **state)
{
    struct context *context = *state;
    struct reply reply;
    char tag[128];
    char option[256];
    lesson_fixture_create(&context->fixture, true);
    lesson_fixture_finish(&context->fixture);
    for (int i = 0; i < 3; i++) {
        const char *path =
            (const char *[]){"/v/1/1/master.m3u8", "/v/1/1/v400/1.m4s", "/v/1/1/poster.jpg"}[i];
        reply = lesson_fixture_get(&context->fixture, "", path);
        assert_int_equal(sscanf(strcasestr(reply.headers, "ETag: "), "%*s %127[^\r]", tag), 1);
        reply_free(&reply);
        snprintf(option, sizeof(option), "-H 'If-None-Match: %s'", tag);
        assert_int_equal(lesson_fixture_status(&context->fixture, option, path), 304);
    }
}

static void test_segments_have_the_right_bytes(void **state)
{
    struct context *context = *state;
    struct lesson_fixture *fixture = &context->fixture;
    lesson_fixture_create(fixture, true);
    lesson_fixture_finish(fixture);
    struct reply reply = lesson_fixture_get(fixture, "", "/v/1/1/v400/0.m4s");
    assert_int_equal(reply.status, 200);
    expect_header(&reply, "Content-Type: video/mp4\r\n");
    expect_header(&reply, "Cache-Control: public, max-age=31536000, immutable\r\n");
    expect_body(&reply, "v400/00000.chunk", 0, FIXTURE_FIRST_BYTES);
    reply_free(&reply);
    reply = lesson_fixture_get(fixture, "", "/v/1/1/a32/3.m4s");
    expect_header(&reply, "Content-Type: audio/mp4\r\n");
    expect_body(&reply, "a32/00001.chunk", FIXTURE_FIRST_BYTES, FIXTURE_SECOND_BYTES);
    reply_free(&reply);
    reply = lesson_fixture_get(fixture, "-r 100-299", "/v/1/1/v400/1.m4s");
    assert_int_equal(reply.status, 206);
    expect_header(&reply, "Content-Range: bytes 100-299/40000\r\n");
    expect_body(&reply, "v400/00000.chunk", FIXTURE_FIRST_BYTES + 100, 200);
    reply_free(&reply);
    reply = lesson_fixture_get(fixture, "", "/v/1/1/v400/init.mp4");
    expect_header(&reply, "Content-Type: video/mp4\r\n");
    expect_body(&reply, "v400/init.mp4", 0, FIXTURE_INIT_BYTES);
    reply_free(&reply);
    reply = lesson_fixture_get(fixture, "", "/v/1/1/poster.jpg");
    expect_header(&reply, "Content-Type: image/jpeg\r\n");
    expect_body(&reply, "poster.jpg", 0, FIXTURE_POSTER_BYTES);
    reply_free(&reply);
    reply = lesson_fixture_get(fixture, "", "/v/1/1/storyboard-0.jpg");
    expect_header(&reply, "Content-Type: image/jpeg\r\n");
    expect_header(&reply, "Cache-Control: public, max-age=31536000, immutable\r\n");
    expect_body(&reply, "storyboard-0.jpg", 0, FIXTURE_POSTER_BYTES);
    reply_free(&reply);
    reply = lesson_fixture_get(fixture, "", "/v/1/1/storyboard.vtt");
    expect_header(&reply, "Content-Type: text/vtt; charset=utf-8\r\n");
    expect_header(&reply, "Cache-Control: public, max-age=31536000, immutable\r\n");
    expect_body(&reply, "storyboard.vtt", 0, FIXTURE_POSTER_BYTES);
    reply_free(&reply);
}

static void test_missing_media_give_404(void **state)
{
    static const char *const paths[] = {
        "/v/1/1/v400/4.m4s",
        "/v/1/1/v400/01.m4s",
        "/v/1/1/v400/-1.m4s",
        "/v/1/1/v400/.m4s",
        "/v/1/1/v400/0.m4s0",
        "/v/1/1/v400/0.mp4",
        "/v/1/1/v400/0.vtt",
        "/v/1/1/storyboard-1.jpg",
        "/v/1/1/storyboard-00.jpg",
        "/v/1/1/storyboard-.jpg",
        "/v/1/1/v400",
        "/v/1/1/v400/99999999999999999999.m4s",
        "/v/1/1/v400/00000.chunk",
        "/v/1/1/v4000/0.m4s",
        "/v/1/1/v4000/index.m3u8",
        "/v/1/1/v4000/iframes.m3u8",
        "/v/1/1/v4000/init.mp4",
        "/v/1/2/v400/0.m4s",
        "/v/1/0/v400/0.m4s",
        "/v/1/01/v400/0.m4s",
        "/v/01/1/v400/0.m4s",
        "/v/2/1/master.m3u8",
        "/v/0/1/master.m3u8",
        "/v/-1/1/master.m3u8",
        "/v/x/1/master.m3u8",
        "/v/99999999999999999999/1/master.m3u8",
        "/v/1/1/..%2f..%2fcatalog.db/0.m4s",
        "/v/1/1/v400/..%2finit.mp4",
    };
    struct context *context = *state;
    lesson_fixture_create(&context->fixture, true);
    lesson_fixture_finish(&context->fixture);
    assert_int_equal(lesson_fixture_status(&context->fixture, "", "/v/1/1/v400/3.m4s"), 200);
    for (size_t i = 0; i < COUNT(paths); i++) {
        int status = lesson_fixture_status(&context->fixture, "", paths[i]);
        if (status != 404)
            print_error("%s\n", paths[i]);
        assert_int_equal(status, 404);
    }
}

static void test_a_growing_lesson_shows_new_segments(void **state)
{
    struct context *context = *state;
    struct lesson_fixture *fixture = &context->fixture;
    lesson_fixture_create(fixture, true);
    assert_true(lesson_fixture_work(fixture)); /* audio */
    assert_int_equal(lesson_fixture_status(fixture, "", "/v/1/1/master.m3u8"), 404);
    assert_int_equal(lesson_fixture_status(fixture, "", "/v/1/1/storyboard.vtt"), 404);
    assert_true(lesson_fixture_work(fixture)); /* poster */
    assert_int_equal(lesson_fixture_status(fixture, "", "/v/1/1/poster.jpg"), 200);
    assert_true(lesson_fixture_work(fixture)); /* the first chunk of the video */
    struct reply reply = lesson_fixture_get(fixture, "", "/v/1/1/master.m3u8");
    assert_int_equal(reply.status, 200);
    expect_header(&reply, "Cache-Control: public, max-age=1\r\n");
    reply_free(&reply);
    reply = lesson_fixture_get(fixture, "", "/v/1/1/v400/index.m3u8");
    expect_header(&reply, "Cache-Control: public, max-age=1\r\n");
    assert_non_null(strstr((char *)reply.body, "#EXT-X-PLAYLIST-TYPE:EVENT\n"));
    assert_non_null(strstr((char *)reply.body, "\n1.m4s\n"));
    assert_null(strstr((char *)reply.body, "2.m4s"));
    reply_free(&reply);
    assert_int_equal(lesson_fixture_status(fixture, "", "/v/1/1/v400/2.m4s"), 404);
    /* A finished chunk is served at once, whatever the cache holds. */
    lesson_fixture_finish(fixture);
    assert_int_equal(lesson_fixture_status(fixture, "", "/v/1/1/v400/2.m4s"), 200);
    reply = lesson_fixture_get(fixture, "", "/v/1/1/v400/index.m3u8");
    assert_non_null(strstr((char *)reply.body, "#EXT-X-PLAYLIST-TYPE:VOD\n"));
    assert_non_null(strstr((char *)reply.body, "#EXT-X-ENDLIST\n"));
    reply_free(&reply);
}

static void test_unpublished_lessons_need_a_user(void **state)
{
    static const char *const paths[] = {"/v/1/1/master.m3u8", "/v/1/1/v400/index.m3u8",
        "/v/1/1/v400/0.m4s", "/v/1/1/a32/init.mp4", "/v/1/1/poster.jpg"};
    struct context *context = *state;
    struct lesson_fixture *fixture = &context->fixture;
    lesson_fixture_create(fixture, false);
    lesson_fixture_finish(fixture);
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct reply reply = lesson_fixture_get(fixture, KNOWN, paths[i]);
        assert_int_equal(reply.status, 200);
        expect_header(&reply, "Cache-Control: private, no-store\r\n");
        reply_free(&reply);
        assert_int_equal(lesson_fixture_status(fixture, "", paths[i]), 404);
    }
    assert_int_equal(catalog_lesson_set_published(fixture->catalog, 1, true, "li", 1), 0);
    for (size_t i = 0; i < COUNT(paths); i++)
        assert_int_equal(lesson_fixture_status(fixture, "", paths[i]), 200);
    assert_int_equal(catalog_lesson_set_published(fixture->catalog, 1, false, "li", 2), 0);
    wait_for_status(fixture, "/v/1/1/v400/0.m4s", 404);
    assert_int_equal(lesson_fixture_status(fixture, KNOWN, "/v/1/1/v400/0.m4s"), 200);
}

/* The file of a rendition that is still being made has an error of its own. Only those who may see
 * the lesson get it. */
static void test_a_growing_rendition_has_no_file_yet(void **state)
{
    struct context *context = *state;
    struct lesson_fixture *fixture = &context->fixture;
    static const struct {
        const char *options, *path;
        int status;
        const char *code;
    } cases[] = {
        {"", "/v/1/1/v400.mp4", 404, "not_complete"},
        {"", "/v/1/1/v999.mp4", 404, "not_found"},
        {"", "/v/1/1/v400.mp3", 404, "not_found"},
        {"", "/v/1/1/.mp4", 404, "not_found"},
        {"", "/v/1/2/v400.mp4", 404, "not_found"},
        /* This rendition is complete, but the fixture's init segments are not valid. */
        {"", "/v/1/1/a32.mp4", 500, "media_unavailable"},
    };

    lesson_fixture_create(fixture, true);
    for (int i = 0; i < 3; i++) /* audio, poster, the first chunk */
        assert_true(lesson_fixture_work(fixture));
    assert_int_equal(lesson_fixture_status(fixture, "", "/v/1/1/v400/0.m4s"), 200);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct reply reply = lesson_fixture_get(fixture, cases[i].options, cases[i].path);
        print_message("%s\n", cases[i].path);
        assert_int_equal(reply.status, cases[i].status);
        assert_non_null(strstr((char *)reply.body, cases[i].code));
        expect_header(&reply, "Cache-Control: no-store\r\n");
        reply_free(&reply);
    }
    assert_int_equal(catalog_lesson_set_published(fixture->catalog, 1, false, "li", 2), 0);
    wait_for_status(fixture, "/v/1/1/v400/0.m4s", 404);
    for (int known = 0; known < 2; known++) {
        struct reply reply = lesson_fixture_get(fixture, known ? KNOWN : "", "/v/1/1/v400.mp4");
        assert_int_equal(reply.status, 404);
        assert_non_null(strstr((char *)reply.body, known ? "not_complete" : "not_found"));
        reply_free(&reply);
    }
}

static void test_removed_lessons_disappear(void **state)
{
    struct context *context = *state;
    struct lesson_fixture *fixture = &context->fixture;
    lesson_fixture_create(fixture, true);
    lesson_fixture_finish(fixture);
    assert_int_equal(lesson_fixture_status(fixture, "", "/v/1/1/v400/0.m4s"), 200);
    assert_int_equal(catalog_lesson_remove(fixture->catalog, 1), 0);
    wait_for_status(fixture, "/v/1/1/v400/index.m3u8", 404);
}

static void test_missing_files_give_500(void **state)
{
    struct context *context = *state;
    struct lesson_fixture *fixture = &context->fixture;
    char path[STORE_PATH_BYTES];
    lesson_fixture_create(fixture, true);
    lesson_fixture_finish(fixture);
    assert_int_equal(store_media_path(fixture->store, 1, 1, "v400/00000.chunk", path), 0);
    assert_int_equal(truncate(path, FIXTURE_FIRST_BYTES + 1), 0);
    assert_int_equal(lesson_fixture_status(fixture, "", "/v/1/1/v400/0.m4s"), 200);
    assert_int_equal(lesson_fixture_status(fixture, "", "/v/1/1/v400/1.m4s"), 500);
    assert_int_equal(unlink(path), 0);
    wait_for_status(fixture, "/v/1/1/v400/0.m4s", 404);
    assert_int_equal(lesson_fixture_status(fixture, "", "/v/1/1/v400/2.m4s"), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_playlists_are_served, setup, teardown),
        cmocka_unit_test_setup_teardown(test_revalidation_gives_304, setup, teardown),
        cmocka_unit_test_setup_teardown(test_segments_have_the_right_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_missing_media_give_404, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_growing_lesson_shows_new_segments, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unpublished_lessons_need_a_user, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_growing_rendition_has_no_file_yet, setup, teardown),
        cmocka_unit_test_setup_teardown(test_removed_lessons_disappear, setup, teardown),
        cmocka_unit_test_setup_teardown(test_missing_files_give_500, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
