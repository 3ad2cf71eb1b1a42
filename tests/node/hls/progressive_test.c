/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The merged beginning of MP4 downloads, and the names of downloads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/hls/download_name.h"
#include "node/hls/merged_init.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- init segments by hand ---- */

static size_t begin_box(struct buf *out, const char *type)
{
    size_t at = out->used_bytes;
    buf_add(out, "\0\0\0\0", 4);
    buf_add(out, type, 4);
    return at;
}

static void end_box(struct buf *out, size_t at)
{
    size_t bytes = out->used_bytes - at;
    for (int i = 0; i < 4; i++)
        out->data[at + (size_t)i] = (char)(bytes >> (24 - 8 * i));
}

static void add32(struct buf *out, uint32_t value)
{
    const uint8_t bytes[] = {
        (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    buf_add(out, bytes, 4);
}

static void add_zeros(struct buf *out, int words)
{
    for (int i = 0; i < words; i++)
        add32(out, 0);
}

/* Makes an init segment of one track. Version 1 boxes have 64-bit times. */
static struct buf make_init(uint32_t track, uint32_t trex_track, int version, const char *mark)
{
    struct buf out = {0};
    size_t ftyp = begin_box(&out, "ftyp"), moov, trak, mvex, at;
    buf_add_text(&out, "iso6");
    end_box(&out, ftyp);
    moov = begin_box(&out, "moov");
    at = begin_box(&out, "mvhd");
    add32(&out, (uint32_t)version << 24);
    add_zeros(&out, version ? 4 : 2);
    add32(&out, 1000); /* timescale */
    add_zeros(&out, version ? 2 : 1);
    add_zeros(&out, 19);
    add32(&out, 2); /* next track */
    end_box(&out, at);
    trak = begin_box(&out, "trak");
    at = begin_box(&out, "tkhd");
    add32(&out, (uint32_t)version << 24 | 3);
    add_zeros(&out, version ? 4 : 2);
    add32(&out, track);
    add_zeros(&out, 15);
    end_box(&out, at);
    at = begin_box(&out, "mdia");
    buf_add_text(&out, mark);
    end_box(&out, at);
    end_box(&out, trak);
    mvex = begin_box(&out, "mvex");
    at = begin_box(&out, "trex");
    add32(&out, 0);
    add32(&out, trex_track);
    add_zeros(&out, 4);
    end_box(&out, at);
    end_box(&out, mvex);
    end_box(&out, moov);
    return out;
}

static uint32_t read32(const struct buf *out, size_t at)
{
    const uint8_t *bytes = (const uint8_t *)out->data + at;
    assert_true(at + 4 <= out->used_bytes);
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static size_t find(const struct buf *out, const char *text)
{
    const char *at = memmem(out->data, out->used_bytes, text, strlen(text));
    assert_non_null(at);
    return (size_t)(at - out->data);
}

static int merge(
    const struct buf *inits, size_t count, size_t cut, int64_t duration_us, struct buf *out)
{
    static const struct merged_segment segments[] = {{1000, 76800}, {700, 76800}, {90, 6400}};
    struct merged_input inputs[MERGED_MAX_INPUTS];
    for (size_t i = 0; i < count; i++)
        inputs[i] = (struct merged_input){(const uint8_t *)inits[i].data, inits[i].used_bytes};
    inputs[count - 1].bytes -= cut;
    return merged_init_write(&(struct merged_params){.inputs = inputs,
                                 .input_count = count,
                                 .duration_us = duration_us,
                                 .timescale = 12800,
                                 .start_ticks = 269,
                                 .segments = segments,
                                 .segment_count = COUNT(segments)},
        out);
}

static void test_init_segments_are_merged(void **state)
{
    static const char *const types[] = {"ftyp", "moov", "sidx"};
    (void)state;
    for (int version = 0; version < 2; version++) {
        struct buf inits[] = {
            make_init(1, 1, version, "picture"), make_init(2, 2, 1 - version, "sound")};
        struct buf out = {0};
        size_t at = 0, sidx;
        assert_int_equal(merge(inits, 2, 0, 12500999, &out), 0);
        assert_false(out.failed);
        for (int i = 0; i < 3; i++) { /* the boxes follow each other without gaps */
            assert_memory_equal(out.data + at + 4, types[i], 4);
            at += read32(&out, at);
        }
        assert_int_equal(at, out.used_bytes);
        assert_true(find(&out, "picture") < find(&out, "sound"));
        at = find(&out, "mvhd") - 4;
        assert_int_equal(read32(&out, at + read32(&out, at) - 4), 3); /* next track */
        assert_int_equal(read32(&out, find(&out, "mehd") + 12), 12500);
        assert_int_equal(read32(&out, find(&out, "trex") + 8), 1);
        sidx = find(&out, "sidx");
        assert_int_equal(read32(&out, sidx + 8), 1); /* it refers to the video track */
        assert_int_equal(read32(&out, sidx + 12), 12800);
        assert_int_equal(read32(&out, sidx + 20), 269);
        assert_int_equal(read32(&out, sidx + 32), 3);
        assert_int_equal(read32(&out, sidx + 36), 1000);
        assert_int_equal(read32(&out, sidx + 40), 76800);
        assert_int_equal(read32(&out, sidx + 36 + 24), 90);
        buf_free(&out);
        /* Audio alone. */
        assert_int_equal(merge(inits + 1, 1, 0, 1, &out), 0);
        assert_int_equal(read32(&out, find(&out, "sidx") + 8), 2);
        buf_free(&out);
        buf_free(&inits[0]);
        buf_free(&inits[1]);
    }
}

static void test_malformed_init_segments_are_refused(void **state)
{
    struct buf one = make_init(1, 1, 0, "a"), same = make_init(1, 1, 0, "b"),
               other = make_init(2, 1, 0, "c"), zero = make_init(0, 0, 0, "d"),
               two = make_init(2, 2, 0, "e");
    struct buf out = {0};
    (void)state;
    assert_int_equal(merge((struct buf[]){one, same}, 2, 0, 1, &out), -1);
    assert_int_equal(merge((struct buf[]){one, other}, 2, 0, 1, &out), -1);
    assert_int_equal(merge((struct buf[]){zero}, 1, 0, 1, &out), -1);
    for (size_t cut = 1; cut < two.used_bytes; cut++)
        assert_int_equal(merge((struct buf[]){one, two}, 2, cut, 1, &out), -1);
    /* This box is larger than its parent. */
    two.data[find(&two, "tkhd") - 3] = 1;
    assert_int_equal(merge((struct buf[]){one, two}, 2, 0, 1, &out), -1);
    buf_free(&out);
    buf_free(&one);
    buf_free(&same);
    buf_free(&other);
    buf_free(&zero);
    buf_free(&two);
}

/* If a size or a duration does not fit the index's fields, the index is left out. The file plays
 * without it. */
static void test_an_index_is_left_out_if_it_does_not_fit(void **state)
{
    struct buf init = make_init(1, 1, 0, "a");
    struct merged_input input = {(const uint8_t *)init.data, init.used_bytes};
    static const struct merged_segment cases[] = {
        {(int64_t)1 << 31, 1}, {0, 1}, {1, 0}, {1, (int64_t)1 << 32}, {1, 1}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = {0};
        assert_int_equal(merged_init_write(&(struct merged_params){.inputs = &input,
                                               .input_count = 1,
                                               .timescale = 1,
                                               .segments = &cases[i],
                                               .segment_count = 1},
                             &out),
            0);
        assert_int_equal(
            memmem(out.data, out.used_bytes, "sidx", 4) != NULL, i == COUNT(cases) - 1);
        buf_free(&out);
    }
    buf_free(&init);
}

static struct buf make_segment(int version, uint32_t trun_flags, uint32_t offset)
{
    struct buf out = {0};
    size_t moof = begin_box(&out, "moof"), traf, at;
    at = begin_box(&out, "mfhd");
    add_zeros(&out, 2);
    end_box(&out, at);
    traf = begin_box(&out, "traf");
    at = begin_box(&out, "tfdt");
    add32(&out, (uint32_t)version << 24);
    add_zeros(&out, version);
    add32(&out, 5000);
    end_box(&out, at);
    at = begin_box(&out, "trun");
    add32(&out, trun_flags);
    add32(&out, 1);
    for (uint32_t bit = 1; bit < 0x800; bit <<= 1)
        if (trun_flags & bit)
            add32(&out, 77);
    add32(&out, offset);
    end_box(&out, at);
    end_box(&out, traf);
    end_box(&out, moof);
    return out;
}

static void test_segment_start_is_the_first_presentation_time(void **state)
{
    static const struct {
        int version;
        uint32_t flags, offset;
        int64_t start;
    } cases[] = {
        {0, 0x301, 9, 5000},
        {1, 0xB01, 512, 5512},
        {1, 0xF05, 512, 5512},
        {1, 0x01000800, (uint32_t)-500, 4500},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf segment = make_segment(cases[i].version, cases[i].flags, cases[i].offset);
        int64_t start = -1;
        assert_int_equal(
            merged_segment_start((uint8_t *)segment.data, segment.used_bytes, &start), 0);
        assert_int_equal(start, cases[i].start);
        for (size_t bytes = 0; bytes < segment.used_bytes - 20; bytes++) {
            uint8_t *part = malloc(bytes + 1); /* hardly larger than needed, so that a sanitizer
                                                * sees reads past the end */
            memcpy(part, segment.data, bytes);
            merged_segment_start(part, bytes, &start);
            free(part);
        }
        buf_free(&segment);
    }
}

static void test_download_names_are_safe(void **state)
{
    static const struct {
        const char *title, *expected;
    } cases[] = {
        {"Rice 1", "attachment; filename=\"lesson-7.mp4\"; filename*=UTF-8''Rice%201.mp4"},
        {"", "attachment; filename=\"lesson-7.mp4\""},
        {"...", "attachment; filename=\"lesson-7.mp4\""},
        {"水稻", "attachment; filename=\"lesson-7.mp4\"; filename*=UTF-8''%E6%B0%B4%E7%A8%BB.mp4"},
        {"a/b\\c:d\"e\r\nf",
            "attachment; filename=\"lesson-7.mp4\"; filename*=UTF-8''a_b_c_d_e__f.mp4"},
        {"50%'(x);=1",
            "attachment; filename=\"lesson-7.mp4\"; filename*=UTF-8''50%25%27%28x%29%3B%3D1.mp4"},
    };
    char title[400] = "";
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        download_name_write(&out, cases[i].title, "lesson-7", ".mp4");
        assert_string_equal(out.data, cases[i].expected);
        buf_free(&out);
    }
    /* The name must be cut between two characters. */
    size_t used = 0;
    for (int i = 0; i < 100; i++)
        used += (size_t)snprintf(title + used, sizeof(title) - used, "%s", i == 0 ? "a" : "稻");
    download_name_write(&out, title, "x", "");
    assert_int_equal(
        out.used_bytes, strlen("attachment; filename=\"x\"; filename*=UTF-8''") + 1 + 49 * 9);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_segments_are_merged),
        cmocka_unit_test(test_malformed_init_segments_are_refused),
        cmocka_unit_test(test_an_index_is_left_out_if_it_does_not_fit),
        cmocka_unit_test(test_segment_start_is_the_first_presentation_time),
        cmocka_unit_test(test_download_names_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
