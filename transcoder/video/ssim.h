/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measures the structural similarity (SSIM) of the luma of two pictures. */
#ifndef TRANSCODER_VIDEO_SSIM_H
#define TRANSCODER_VIDEO_SSIM_H

#include <stddef.h>
#include <stdint.h>

/* The luma plane of a picture. */
struct ssim_plane {
    const uint8_t *data;
    ptrdiff_t stride_bytes;
};

/* Returns the mean SSIM of all whole blocks of 8 x 8 pixels that lie side by side. The result is
 * 1 if the pictures are equal, or if no block fits. Pure. */
double ssim_luma(struct ssim_plane a, struct ssim_plane b, int width, int height);

#endif
