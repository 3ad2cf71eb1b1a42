/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decoding times for a segment whose pictures are reordered. Players and renditions agree on a
 * segment's start if its first decoding time (tfdt) is its first time of presentation, without an
 * edit list; but then later pictures, decoded before their turn, have to be squeezed in: a picture
 * must be decoded no later than it and all after it are shown. ISO/IEC 14496-12 lets samples last
 * as they like (8.8.8, trun), so decoding times are spread evenly where several fall together.
 */
#ifndef TRANSCODER_DECODE_TIMES_H
#define TRANSCODER_DECODE_TIMES_H

#include <stddef.h>
#include <stdint.h>

/*
 * pts: times of presentation in decoding order, the first of them the least, none twice. Fills dts,
 * which begins with pts[0], rises strictly and never exceeds pts. 0, or -1 if that can't be: the
 * ticks are too coarse, or the first picture is not shown first. Pure.
 */
int decode_times_spread(const int64_t *pts, int64_t *dts, size_t count);

#endif
