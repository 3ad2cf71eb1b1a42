/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks the decoding times of reordered frames, and SSIM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transcoder/package/dts.h"
#include "transcoder/video/ssim.h"

#define FRAME 100

static void check(const int64_t *pts, size_t count)
{
    int64_t dts[64];
    assert_int_equal(dts_spread(pts, dts, count, FRAME), 0);
    assert_int_equal(dts[0], pts[0]);
    for (size_t i = 0; i < count; i++) {
        assert_true(dts[i] <= pts[i]);
        assert_true(i == 0 || dts[i] > dts[i - 1]);
    }
    /* The last decoded frame is shown at its decoding time. */
    assert_true(dts[count - 1] == pts[count - 1]);
}

/* In a long run of pyramids nearly all decoding times are one frame apart. */
static void test_steady(void **state)
{
    (void)state;
    int64_t pts[61] = {0}, dts[61];
    static const int order[] = {4, 2, 1, 3};
    int steady = 0;
    for (int i = 0; i < 60; i++)
        pts[i + 1] = (i / 4 * 4 + order[i % 4]) * FRAME;
    check(pts, 61);
    assert_int_equal(dts_spread(pts, dts, 61, FRAME), 0);
    for (int i = 1; i < 61; i++)
        steady += dts[i] - dts[i - 1] == FRAME;
    assert_true(steady >= 51);
}

static void test_orders(void **state)
{
    (void)state;
    check((const int64_t[]){5}, 1);
    check((const int64_t[]){0, 100, 200, 300}, 4);
    /* The orders I P B b b P B b b, and a pyramid. */
    check((const int64_t[]){0, 400, 200, 100, 300, 800, 600, 500, 700}, 9);
    check((const int64_t[]){1000, 1900, 1500, 1300, 1100, 1200, 1400, 1700, 1600, 1800}, 10);
}

static void test_impossible(void **state)
{
    (void)state;
    int64_t dts[8];
    /* The cases: too few ticks between the first frames; a frame that is shown before the first
     * one; two frames with one time; frames without a length. */
    assert_int_equal(dts_spread((const int64_t[]){0, 3, 2, 1}, dts, 4, 1), -1);
    assert_int_equal(dts_spread((const int64_t[]){10, 5, 20}, dts, 3, 5), -1);
    assert_int_equal(dts_spread((const int64_t[]){10, 10}, dts, 2, 10), -1);
    assert_int_equal(dts_spread((const int64_t[]){0, 10}, dts, 2, 0), -1);
}

static void test_ssim(void **state)
{
    (void)state;
    uint8_t a[32 * 32], b[32 * 32], flat[32 * 32];
    for (int i = 0; i < 32 * 32; i++) {
        a[i] = (uint8_t)(i * 7);
        b[i] = (uint8_t)(a[i] ^ 16);
        flat[i] = 128;
    }
    struct ssim_plane pa = {a, 32}, pb = {b, 32}, pf = {flat, 32};
    assert_true(ssim_luma(pa, pa, 32, 32) > 0.999999);
    double near = ssim_luma(pa, pb, 32, 32), far = ssim_luma(pa, pf, 32, 32);
    assert_true(near > 0.8 && near < 0.999);
    assert_true(far < 0.1);
    /* A picture can be too small for a block. Pixels after the last whole block are not read. */
    assert_true(ssim_luma(pa, pf, 7, 32) == 1);
    assert_true(ssim_luma((struct ssim_plane){a, 8}, (struct ssim_plane){a, 8}, 8, 15) > 0.999999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_steady),
        cmocka_unit_test(test_impossible),
        cmocka_unit_test(test_ssim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
