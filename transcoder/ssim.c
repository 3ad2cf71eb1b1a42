/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/ssim.h"

#define BLOCK 8
/* (0.01 * 255)^2 and (0.03 * 255)^2, as in the paper */
#define C1 6.5025
#define C2 58.5225

static double ssim_block(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride)
{
    uint32_t sum_a = 0, sum_b = 0, squares = 0, products = 0;
    for (int y = 0; y < BLOCK; y++) {
        const uint8_t *row_a = a + y * a_stride, *row_b = b + y * b_stride;
        for (int x = 0; x < BLOCK; x++) {
            uint32_t va = row_a[x], vb = row_b[x];
            sum_a += va;
            sum_b += vb;
            squares += va * va + vb * vb;
            products += va * vb;
        }
    }
    const double count = BLOCK * BLOCK;
    double mean_a = sum_a / count, mean_b = sum_b / count;
    double covariance = products / count - mean_a * mean_b;
    double variances = squares / count - mean_a * mean_a - mean_b * mean_b;
    return (2 * mean_a * mean_b + C1) * (2 * covariance + C2) /
           ((mean_a * mean_a + mean_b * mean_b + C1) * (variances + C2));
}

double ssim_luma(struct ssim_plane a, struct ssim_plane b, int width, int height)
{
    double sum = 0;
    int count = 0;
    for (int y = 0; y + BLOCK <= height; y += BLOCK)
        for (int x = 0; x + BLOCK <= width; x += BLOCK, count++)
            sum += ssim_block(a.data + y * a.stride_bytes + x, a.stride_bytes,
                b.data + y * b.stride_bytes + x, b.stride_bytes);
    return count > 0 ? sum / count : 1;
}
