/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decoding times for a segment whose pictures are reordered. Renditions and players agree on a
 * segment's start if its first decoding time (tfdt) is its first time of presentation, without an
 * edit list and without negative composition offsets, by which FFmpeg would shift the pictures
 * against the sound. But then pictures that are decoded before their turn have to be squeezed in at
 * the start, and the last one must not seem to last beyond the end, by which players measure what
 * they have. ISO/IEC 14496-12 lets samples last as they like (8.8.8, trun). In between decoding
 * times are a frame apart, so that players that guess the frame rate from them guess right.
 */
#ifndef TRANSCODER_PACKAGE_DTS_H
#define TRANSCODER_PACKAGE_DTS_H
#include <stddef.h>
#include <stdint.h>

/*
 * pts: times of presentation in decoding order, the first of them the least, none twice, a multiple
 * of frame_ticks apart. Fills dts, which begins with pts[0], rises strictly and never exceeds pts.
 * 0, or -1 if that can't be: the ticks are too coarse, or the first picture is not shown first.
 * Pure.
 */
int dts_spread(const int64_t *pts, int64_t *dts, size_t count, int64_t frame_ticks);

#endif
