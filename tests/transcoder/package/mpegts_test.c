/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks the transport stream packet by packet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transcoder/package/mpegts.h"

enum { VIDEO = 0x100, AUDIO = 0x101, PMT = 0x1000, MAX_BYTES = 1 << 21 };

/* The contents that a demultiplexer finds. */
struct found {
    uint8_t *data[2]; /* payloads of video and audio */
    size_t bytes[2];
    struct {
        int64_t time;
        size_t at; /* offset in the data where the payload of the PES packet begins */
    } pes[2][4096];
    size_t pes_count[2];
    size_t packets, stuffing;
    int counters[0x2000]; /* last continuity counter by PID; -1: none seen */
};

static int64_t read_time(const uint8_t *at)
{
    return (int64_t)(at[0] >> 1 & 7) << 30 | at[1] << 22 | (at[2] >> 1) << 15 | at[3] << 7 |
           at[4] >> 1;
}

static void take_payload(struct found *f, int which, bool begins, const uint8_t *at, size_t bytes)
{
    if (begins) {
        assert_true(bytes > 14);
        assert_memory_equal(at, "\0\0\1", 3);
        f->pes[which][f->pes_count[which]].time = read_time(at + 9);
        f->pes[which][f->pes_count[which]++].at = f->bytes[which];
        at += 14;
        bytes -= 14;
    }
    memcpy(f->data[which] + f->bytes[which], at, bytes);
    f->bytes[which] += bytes;
}

static void take_packet(struct found *f, const uint8_t *p)
{
    int pid = (p[1] & 0x1F) << 8 | p[2];
    size_t field = p[3] & 0x20 ? (size_t)p[4] + 1 : 0;

    assert_int_equal(p[0], 0x47);
    assert_int_equal(p[3] & 0xD0, 0x10); /* not scrambled, with payload */
    assert_true(field < 184);
    if (f->counters[pid] >= 0)
        assert_int_equal(p[3] & 15, (f->counters[pid] + 1) & 15);
    f->counters[pid] = p[3] & 15;
    f->packets++;
    f->stuffing += field > 8 ? field - 8 : 0;
    if (pid == VIDEO || pid == AUDIO)
        take_payload(f, pid - VIDEO, p[1] & 0x40, p + 4 + field, 184 - field);
    else
        assert_true(pid == 0 || pid == PMT);
}

static struct found *found_new(void)
{
    struct found *f = calloc(1, sizeof(*f));

    for (int i = 0; i < 2; i++)
        f->data[i] = malloc(MAX_BYTES);
    for (int i = 0; i < 0x2000; i++)
        f->counters[i] = -1;
    return f;
}

static void found_free(struct found *f)
{
    free(f->data[0]);
    free(f->data[1]);
    free(f);
}

static void take_all(struct found *f, const struct mpegts *ts)
{
    size_t count;
    const uint8_t *bytes = mpegts_bytes(ts, &count);

    assert_int_equal(count % MPEGTS_PACKET_BYTES, 0);
    for (size_t at = 0; at < count; at += MPEGTS_PACKET_BYTES)
        take_packet(f, bytes + at);
}

/* Two chunks of two segments. Most frames are not larger than about two packets, and each has its
 * own byte value. */
enum { PICTURES = 63, SEGMENTS = 4 };

static size_t picture_bytes(int segment, int n)
{
    static const size_t sizes[] = {
        20000, 1, 14, 160, 161, 162, 163, 170, 183, 184, 185, 340, 20, 20};

    if (n < (int)(sizeof(sizes) / sizeof(sizes[0])))
        return sizes[n];
    return 12 + (size_t)((segment * PICTURES + n) * 7919 % 373);
}

static int64_t picture_time(int segment, int n)
{
    return (int64_t)(segment * PICTURES + n) * 7200;
}

static void add_segment(struct mpegts *ts, int segment, uint8_t *expected, size_t *bytes)
{
    static uint8_t data[20000];

    assert_int_equal(mpegts_begin_segment(ts), 0);
    for (int n = 0; n < PICTURES; n++) {
        memset(data, segment * PICTURES + n + 1, picture_bytes(segment, n));
        assert_int_equal(mpegts_add_picture(
                             ts, data, picture_bytes(segment, n), picture_time(segment, n), n == 0),
            0);
        memcpy(expected + *bytes, data, picture_bytes(segment, n));
        *bytes += picture_bytes(segment, n);
        for (int frame = 0; frame < 4; frame++)
            assert_int_equal(mpegts_add_audio(ts, data, 80 + (size_t)(n % 30),
                                 picture_time(segment, n) + frame * 1920),
                0);
    }
}

static void make_chunk(struct found *f, int chunk, uint8_t *expected, size_t *bytes)
{
    struct mpegts *ts;

    assert_int_equal(mpegts_open(&ts, chunk * 2, true), 0);
    add_segment(ts, chunk * 2, expected, bytes);
    assert_int_equal(mpegts_end_segment(ts), 0);
    add_segment(ts, chunk * 2 + 1, expected, bytes);
    assert_int_equal(mpegts_end_chunk(ts), 0);
    take_all(f, ts);
    mpegts_close(&ts);
}

/* Removes all zero bytes. Only the muxer adds such bytes, after frames: the frames themselves have
 * none (see add_segment()). Returns the remaining size. */
static size_t without_padding(uint8_t *data, size_t bytes)
{
    size_t kept = 0;

    for (size_t i = 0; i < bytes; i++)
        if (data[i] != 0)
            data[kept++] = data[i];
    return kept;
}

static void test_there_and_back(void **state)
{
    struct found *f = found_new();
    uint8_t *expected = malloc(MAX_BYTES);
    size_t bytes = 0;

    (void)state;
    for (int chunk = 0; chunk < SEGMENTS / 2; chunk++)
        make_chunk(f, chunk, expected, &bytes);
    assert_int_equal(f->pes_count[0], SEGMENTS * PICTURES);
    for (size_t i = 0; i < f->pes_count[0]; i++) {
        /* A PES packet has the time of the first frame that begins in it. It contains the whole
         * frame or at least sixteen bytes of it. */
        size_t end = i + 1 < f->pes_count[0] ? f->pes[0][i + 1].at : f->bytes[0];
        const uint8_t *begins =
            memchr(f->data[0] + f->pes[0][i].at, (int)i + 1, end - f->pes[0][i].at);
        size_t size = picture_bytes((int)i / PICTURES, (int)i % PICTURES),
               min = size < 16 ? size : 16;

        assert_int_equal(f->pes[0][i].time, (int64_t)i * 7200 + MPEGTS_CLOCK_HZ);
        assert_non_null(begins);
        assert_true((size_t)(f->data[0] + end - begins) >= min);
        assert_int_equal(begins[min - 1], i + 1);
    }
    f->bytes[0] = without_padding(f->data[0], f->bytes[0]);
    assert_int_equal(f->bytes[0], bytes);
    assert_memory_equal(f->data[0], expected, bytes);
    free(expected);
    found_free(f);
}

/* The overhead of a lecture is below 6 %, at 12.5 frames a second and 204 kbit/s with audio. */
static void test_overhead(void **state)
{
    struct found *f = found_new();
    struct mpegts *ts;
    static uint8_t data[9000];
    size_t payload = 0;

    (void)state;
    memset(data, 0x55, sizeof(data));
    assert_int_equal(mpegts_open(&ts, 0, true), 0);
    for (int n = 0; n < 750; n++) {
        size_t size = n % 75 == 0 ? 9000 : 1000 + (size_t)n * 7919 % 1200;

        if (n > 0 && n % 75 == 0)
            assert_int_equal(mpegts_end_segment(ts), 0);
        if (n % 75 == 0)
            assert_int_equal(mpegts_begin_segment(ts), 0);
        assert_int_equal(mpegts_add_picture(ts, data, size, n * 7200, n % 75 == 0), 0);
        payload += size;
        for (int frame = n * 15 / 4; frame < (n + 1) * 15 / 4; frame++) {
            size_t audio = 80 + (size_t)frame * 7919 % 25;
            assert_int_equal(mpegts_add_audio(ts, data, audio, frame * 1920), 0);
            payload += audio;
        }
    }
    assert_int_equal(mpegts_end_chunk(ts), 0);
    take_all(f, ts);
    print_message("overhead %.2f %%\n",
        100.0 * (double)(f->packets * MPEGTS_PACKET_BYTES - payload) / (double)payload);
    assert_true(f->packets * MPEGTS_PACKET_BYTES * 100 < payload * 106);
    mpegts_close(&ts);
    found_free(f);
}

/* Without audio, the tables list no audio and no frame waits for any. */
static void test_without_audio(void **state)
{
    struct mpegts *ts;
    size_t count;

    (void)state;
    assert_int_equal(mpegts_open(&ts, 17, false), 0);
    assert_int_equal(mpegts_begin_segment(ts), 0);
    const uint8_t *bytes = mpegts_bytes(ts, &count);
    assert_int_equal(count, 2 * MPEGTS_PACKET_BYTES);
    assert_int_equal(bytes[3] & 15, 1); /* the counter of segment 17 */
    assert_int_equal(bytes[MPEGTS_PACKET_BYTES + 7], 18);
    assert_null(memmem(bytes, count, "\x0F\xE1\x01", 3));
    assert_int_equal(mpegts_add_picture(ts, (const uint8_t *)"abc", 3, 0, true), 0);
    assert_int_equal(mpegts_end_chunk(ts), 0);
    mpegts_bytes(ts, &count);
    assert_int_equal(count, 18 * MPEGTS_PACKET_BYTES);
    mpegts_close(&ts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_overhead),
        cmocka_unit_test(test_without_audio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
