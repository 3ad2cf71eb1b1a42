/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Playlists that are compressed once: the text, how many are kept, and use by several threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "node/hls/packed_text.h"

static struct packed_texts texts;

static int open_texts(void **state)
{
    (void)state;
    texts = (struct packed_texts){0};
    return packed_texts_open(&texts, 3);
}

static int close_texts(void **state)
{
    (void)state;
    packed_texts_close(&texts);
    return 0;
}

static void write_text(struct buf *text)
{
    for (int i = 0; i < 300; i++)
        buf_addf(text, "#EXTINF:10.0,\n%d.m4s\n", i);
}

static void expect_packed(const struct packed_text *packed, const struct buf *text)
{
    char plain[32768], etag[24];
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)packed->data,
        .avail_in = (unsigned)packed->data_bytes,
        .next_out = (unsigned char *)plain,
        .avail_out = sizeof(plain)};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, text->used_bytes);
    assert_memory_equal(plain, text->data, text->used_bytes);
    inflateEnd(&stream);
    packed_text_tag(text, etag);
    assert_memory_equal(packed->etag, "W/", 2);
    assert_string_equal(packed->etag + 2, etag);
}

static void test_a_packed_text_is_kept(void **state)
{
    struct buf text = {0}, failed = {.failed = true};
    (void)state;
    write_text(&text);
    assert_null(packed_texts_find(&texts, 1));
    const struct packed_text *packed = packed_texts_keep(&texts, 1, &text);
    assert_non_null(packed);
    expect_packed(packed, &text);
    assert_true(packed->data_bytes < text.used_bytes / 4);
    assert_ptr_equal(packed_texts_find(&texts, 1), packed);
    assert_ptr_equal(packed_texts_keep(&texts, 1, &text), packed);
    assert_int_equal(atomic_load(&texts.used_bytes), packed->data_bytes);
    assert_null(packed_texts_find(&texts, 2));
    assert_null(packed_texts_find(&texts, 3));
    assert_null(packed_texts_keep(&texts, 3, &text));
    assert_null(packed_texts_keep(&texts, 2, &failed));
    buf_free(&text);
}

static void test_packed_texts_are_bounded(void **state)
{
    struct buf noise = {0}, text = {0};
    uint32_t random = 1;
    (void)state;
    for (size_t i = 0; i < PACKED_TEXT_MAX_BYTES / 4 + 1000; i++) {
        random = random * 1664525 + 1013904223;
        buf_add(&noise, &random, sizeof(random));
    }
    write_text(&text);
    assert_null(packed_texts_keep(&texts, 0, &noise));
    assert_null(packed_texts_find(&texts, 0));
    assert_int_equal(atomic_load(&texts.used_bytes), 0);
    assert_non_null(packed_texts_keep(&texts, 0, &text));
    buf_free(&noise);
    buf_free(&text);
}

static void *keep(void *arg)
{
    return (void *)(uintptr_t)packed_texts_keep(&texts, 0, arg);
}

static void test_many_threads_keep_one_text(void **state)
{
    enum { THREADS = 8 };
    struct buf text = {0};
    pthread_t threads[THREADS];

    (void)state;
    write_text(&text);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep, &text), 0);
    for (int i = 0; i < THREADS; i++) {
        void *kept = NULL;
        pthread_join(threads[i], &kept);
        assert_ptr_equal(kept, packed_texts_find(&texts, 0));
    }
    assert_int_equal(atomic_load(&texts.used_bytes), packed_texts_find(&texts, 0)->data_bytes);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_packed_text_is_kept, open_texts, close_texts),
        cmocka_unit_test_setup_teardown(test_packed_texts_are_bounded, open_texts, close_texts),
        cmocka_unit_test_setup_teardown(test_many_threads_keep_one_text, open_texts, close_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
