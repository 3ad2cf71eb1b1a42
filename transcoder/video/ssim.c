/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/video/ssim.h"

#include <string.h>

#define BLOCK 8
/* Columns that are summed at a time; a multiple of the vector length. */
#define COLUMNS (16 * BLOCK)
/* The constants of the SSIM paper: (0.01 * 255)^2 and (0.03 * 255)^2. */
#define C1 6.5025
#define C2 58.5225

/* Sums over the eight pixels of each column in a row of blocks. */
struct sums {
    uint16_t a[COLUMNS], b[COLUMNS];
    uint32_t squares[COLUMNS], products[COLUMNS];
};

static void add_row(
    struct sums *restrict sums, const uint8_t *restrict a, const uint8_t *restrict b, int columns)
{
    for (int x = 0; x < columns; x++) {
        uint16_t va = a[x], vb = b[x];
        sums->a[x] = (uint16_t)(sums->a[x] + va);
        sums->b[x] = (uint16_t)(sums->b[x] + vb);
        sums->squares[x] += (uint32_t)va * va + (uint32_t)vb * vb;
        sums->products[x] += (uint32_t)va * vb;
    }
}

static double ssim_block(const struct sums *sums, int first)
{
    uint32_t sum_a = 0, sum_b = 0, squares = 0, products = 0;
    for (int x = first; x < first + BLOCK; x++) {
        sum_a += sums->a[x];
        sum_b += sums->b[x];
        squares += sums->squares[x];
        products += sums->products[x];
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
        for (int x = 0; x + BLOCK <= width; x += COLUMNS) {
            struct sums sums;
            int columns = width - x < COLUMNS ? (width - x) / BLOCK * BLOCK : COLUMNS;
            memset(&sums, 0, sizeof(sums));
            for (int row = y; row < y + BLOCK; row++)
                add_row(&sums, a.data + row * a.stride_bytes + x, b.data + row * b.stride_bytes + x,
                    columns);
            for (int first = 0; first < columns; first += BLOCK, count++)
                sum += ssim_block(&sums, first);
        }
    return count > 0 ? sum / count : 1;
}
