/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the catalog's rows become the index of what can be played, and numbers in URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/hls/media_index.h"
#include "node/hls/media_number.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SHA256 "0123456789abcdef0123456789abcdefffffffffffffffffffffffffffffffff"

/* The members of the catalog's structs are not const, because the structs own their strings.
 * Nothing here writes to them. */
static char *text(const char *literal)
{
    return (char *)(uintptr_t)literal;
}

static struct catalog_segment segments[] = {
    {.offset_bytes = 0, .length_bytes = 600, .duration_ticks = 76800, .iframe_bytes = 100},
    {.offset_bytes = 600, .length_bytes = 400, .duration_ticks = 76800, .iframe_bytes = 90},
};

static struct catalog_chunk chunk(int number)
{
    return (struct catalog_chunk){.number = number,
        .bytes = 1000,
        .sha256 = text(SHA256),
        .segments = segments,
        .segment_count = COUNT(segments)};
}

static struct catalog_rendition rendition(int kind, const char *name)
{
    return (struct catalog_rendition){.name = text(name),
        .kind = kind,
        .fps_num = kind == CATALOG_VIDEO ? 25 : 0,
        .fps_den = kind == CATALOG_VIDEO ? 1 : 0,
        .language = text(""),
        .timescale = 12800,
        .chunk_count = 3,
        .codecs = text("avc1.4D401F"),
        .init_bytes = 700,
        .init_sha256 = text(SHA256)};
}

static char title[] = "t", language[] = "zh", poster_file[] = "poster.jpg";
static const struct catalog_lesson lesson = {.id = 7,
    .revision = 2,
    .state = CATALOG_LESSON_READY,
    .title = title,
    .language = language,
    .poster_file = poster_file};

/* Chunks after a missing one are hidden, because an EVENT playlist may grow only at its end. */
static void test_the_index_ends_before_the_first_missing_chunk(void **state)
{
    struct catalog_rendition rows[] = {rendition(CATALOG_VIDEO, "v400")};
    struct catalog_chunk parts[] = {chunk(0), chunk(1), chunk(3)};
    struct catalog_chunks chunks = {parts, COUNT(parts)};
    struct media_index *index = NULL;
    (void)state;
    assert_int_equal(
        media_index_make(&index, &lesson, &(struct catalog_renditions){rows, 1}, &chunks), 0);
    assert_int_equal(index->renditions[0].segment_count, 4);
    assert_int_equal(index->renditions[0].segments[3].chunk, 1);
    assert_int_equal(index->renditions[0].segments[3].offset_bytes, 600);
    assert_false(index->renditions[0].complete);
    assert_false(index->complete);
    assert_true(index->renditions[0].iframes);
    assert_string_equal(index->renditions[0].chunks[1].etag, "\"0123456789abcdef\"");
    assert_string_equal(index->renditions[0].chunks[1].path, "v400/00001.chunk");
    assert_ptr_equal(media_index_find(index, "v400"), &index->renditions[0]);
    assert_null(media_index_find(index, "v4000"));
    media_index_unref(index);
}

static void test_a_complete_lesson_has_all_segments(void **state)
{
    struct catalog_rendition rows[] = {rendition(CATALOG_VIDEO, "v400")};
    struct catalog_chunk parts[] = {chunk(0), chunk(1), chunk(2)};
    struct catalog_chunks chunks = {parts, COUNT(parts)};
    struct catalog_lesson working = lesson;
    struct media_index *index = NULL;
    (void)state;
    assert_int_equal(
        media_index_make(&index, &lesson, &(struct catalog_renditions){rows, 1}, &chunks), 0);
    assert_true(index->renditions[0].complete);
    assert_true(index->complete);
    media_index_unref(index);
    /* Something else, such as the poster, is still missing. */
    working.state = CATALOG_LESSON_WORKING;
    assert_int_equal(
        media_index_make(&index, &working, &(struct catalog_renditions){rows, 1}, &chunks), 0);
    assert_true(index->renditions[0].complete);
    assert_false(index->complete);
    media_index_unref(index);
}

/* AV1 is listed once it is complete. The lesson plays in H.264 meanwhile. */
static void test_av1_is_listed_once_it_is_complete(void **state)
{
    struct catalog_rendition rows[] = {
        rendition(CATALOG_VIDEO, "v48"), rendition(CATALOG_VIDEO, "av48")};
    struct catalog_chunk parts[] = {chunk(0), chunk(1), chunk(2)};
    struct catalog_chunks chunks[] = {{parts, 3}, {parts, 2}};
    struct media_index *index = NULL;
    (void)state;
    rows[1].codecs = text("av01.0.05M.08");
    rows[1].optional = true;
    assert_int_equal(
        media_index_make(&index, &lesson, &(struct catalog_renditions){rows, 2}, chunks), 0);
    assert_int_equal(index->rendition_count, 1);
    assert_true(index->playable);
    assert_true(index->complete); /* AV1 is not needed for that */
    media_index_unref(index);
    chunks[1].count = 3;
    assert_int_equal(
        media_index_make(&index, &lesson, &(struct catalog_renditions){rows, 2}, chunks), 0);
    assert_int_equal(index->rendition_count, 2);
    assert_true(index->complete);
    media_index_unref(index);
}

/* Video whose audio is still missing is not playable yet, because players would not look for the
 * audio again. */
static void test_playable_needs_video_and_audio(void **state)
{
    struct catalog_rendition rows[] = {rendition(CATALOG_VIDEO, "v80"),
        rendition(CATALOG_VIDEO, "v400"), rendition(CATALOG_AUDIO, "a32")};
    struct catalog_chunk parts[] = {chunk(0)};
    struct catalog_chunks chunks[] = {{parts, 1}, {NULL, 0}, {NULL, 0}};
    struct catalog_renditions renditions = {rows, COUNT(rows)};
    struct media_index *index = NULL;
    (void)state;
    assert_int_equal(media_index_make(&index, &lesson, &renditions, chunks), 0);
    assert_int_equal(index->rendition_count, 1);
    assert_false(index->playable);
    media_index_unref(index);
    chunks[2] = (struct catalog_chunks){parts, 1};
    assert_int_equal(media_index_make(&index, &lesson, &renditions, chunks), 0);
    assert_int_equal(index->rendition_count, 2);
    assert_true(index->playable);
    assert_false(media_index_find(index, "a32")->iframes);
    media_index_unref(index);
    rows[2].init_bytes = 0;
    assert_int_equal(media_index_make(&index, &lesson, &renditions, chunks), 0);
    assert_false(index->playable);
    media_index_unref(index);
}

/* Subtitles have no init segment. A lesson can be played before they are made, but not with
 * subtitles alone. */
static void test_subtitles_need_no_init_segment(void **state)
{
    struct catalog_rendition rows[] = {
        rendition(CATALOG_AUDIO, "a32"), rendition(CATALOG_TEXT, "s1")};
    struct catalog_chunk parts[] = {chunk(0), chunk(1), chunk(2)};
    struct catalog_chunks chunks[] = {{parts, 3}, {NULL, 0}};
    struct catalog_renditions renditions = {rows, COUNT(rows)};
    struct media_index *index = NULL;
    (void)state;
    rows[1].init_bytes = 0;
    assert_int_equal(media_index_make(&index, &lesson, &renditions, chunks), 0);
    assert_int_equal(index->rendition_count, 1);
    assert_true(index->playable);
    assert_false(index->complete);
    media_index_unref(index);
    chunks[1] = chunks[0];
    assert_int_equal(media_index_make(&index, &lesson, &renditions, chunks), 0);
    assert_int_equal(index->rendition_count, 2);
    assert_true(index->complete);
    assert_false(media_index_find(index, "s1")->iframes);
    media_index_unref(index);
    chunks[0] = (struct catalog_chunks){NULL, 0};
    assert_int_equal(media_index_make(&index, &lesson, &renditions, chunks), 0);
    assert_false(index->playable);
    media_index_unref(index);
}

static void test_a_lesson_without_chunks_is_not_playable(void **state)
{
    struct media_index *index = NULL;
    (void)state;
    assert_int_equal(media_index_make(&index, &lesson, &(struct catalog_renditions){0}, NULL), 0);
    assert_false(index->playable);
    assert_int_equal(media_index_target_s(index), 1);
    media_index_unref(index);
}

static void test_damaged_rows_are_corrupt(void **state)
{
    static const struct catalog_segment damaged[] = {
        {.offset_bytes = -1, .length_bytes = 10, .duration_ticks = 1},
        {.offset_bytes = 0, .length_bytes = 0, .duration_ticks = 1},
        {.offset_bytes = 0, .length_bytes = -5, .duration_ticks = 1},
        {.offset_bytes = 0, .length_bytes = 1001, .duration_ticks = 1},
        {.offset_bytes = 991, .length_bytes = 10, .duration_ticks = 1},
        {.offset_bytes = INT64_MAX, .length_bytes = 10, .duration_ticks = 1},
        {.offset_bytes = 0, .length_bytes = 10, .duration_ticks = 0},
        {.offset_bytes = 0, .length_bytes = 10, .duration_ticks = 1, .iframe_bytes = 11},
        {.offset_bytes = 0, .length_bytes = 10, .duration_ticks = 1, .iframe_bytes = -1},
    };
    struct catalog_rendition rows[] = {rendition(CATALOG_VIDEO, "v400")};
    struct catalog_renditions renditions = {rows, 1};
    (void)state;
    for (size_t i = 0; i < COUNT(damaged); i++) {
        struct catalog_segment segment = damaged[i];
        struct catalog_chunk part = {
            .bytes = 1000, .sha256 = text(SHA256), .segments = &segment, .segment_count = 1};
        struct catalog_chunks chunks = {&part, 1};
        struct media_index *index = NULL;
        int error = media_index_make(&index, &lesson, &renditions, &chunks);
        if (error != CATALOG_ECORRUPT)
            print_error("damaged[%zu]\n", i);
        assert_int_equal(error, CATALOG_ECORRUPT);
        assert_null(index);
    }
    for (int i = 0; i < 3; i++) {
        struct catalog_chunk part = chunk(0);
        struct catalog_chunks chunks = {&part, 1};
        struct media_index *index = NULL;
        rows[0] = rendition(CATALOG_VIDEO, "v400");
        *(int *[]){&rows[0].timescale, &rows[0].fps_num, &rows[0].fps_den}[i] = 0;
        assert_int_equal(media_index_make(&index, &lesson, &renditions, &chunks), CATALOG_ECORRUPT);
    }
}

static void test_numbers_have_one_form(void **state)
{
    static const struct {
        const char *text, *suffix;
        int64_t number;
    } cases[] = {
        {"0.m4s", ".m4s", 0}, {"17.m4s", ".m4s", 17}, {"999999999.m4s", ".m4s", 999999999},
        {"7", "", 7}, {"01.m4s", ".m4s", -1}, {"00", "", -1}, {"", "", -1}, {".m4s", ".m4s", -1},
        {"+1.m4s", ".m4s", -1}, {"-1", "", -1}, {" 1", "", -1}, {"1 ", "", -1},
        {"1.m4sx", ".m4s", -1}, {"1.M4S", ".m4s", -1}, {"1", ".m4s", -1}, {"1e3", "", -1},
        {"1000000000", "", -1}, {"99999999999999999999", "", -1},
        {"\xd9\xa1", "", -1}, /* an Arabic-Indic digit */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t number = media_number_parse(cases[i].text, cases[i].suffix);
        if (number != cases[i].number)
            print_error("\"%s\"\n", cases[i].text);
        assert_int_equal(number, cases[i].number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_index_ends_before_the_first_missing_chunk),
        cmocka_unit_test(test_a_complete_lesson_has_all_segments),
        cmocka_unit_test(test_av1_is_listed_once_it_is_complete),
        cmocka_unit_test(test_playable_needs_video_and_audio),
        cmocka_unit_test(test_subtitles_need_no_init_segment),
        cmocka_unit_test(test_a_lesson_without_chunks_is_not_playable),
        cmocka_unit_test(test_damaged_rows_are_corrupt),
        cmocka_unit_test(test_numbers_have_one_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
