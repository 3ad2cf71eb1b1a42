/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The structural similarity of two pictures' luma. */
#ifndef TRANSCODER_VIDEO_SSIM_H
#define TRANSCODER_VIDEO_SSIM_H
#include <stddef.h>
#include <stdint.h>

struct ssim_plane {
    const uint8_t *data;
    ptrdiff_t stride_bytes;
};

/* The mean over all whole blocks of 8 x 8, each 8 from the next; 1 if alike (or no block fits).
 * Pure. */
double ssim_luma(struct ssim_plane a, struct ssim_plane b, int width, int height);

#endif
