/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Computes the decoding times of a segment with reordered frames.
 *
 * All renditions and players must agree on the start of a segment. So its first decoding time
 * (tfdt) equals its first presentation time, without an edit list and without negative composition
 * offsets; FFmpeg would take the latter as a shift of the video against the audio. Two things
 * follow. Frames that are decoded before their turn are squeezed in at the start of the segment.
 * And the last frame must not seem to last beyond the end of the segment, because players measure
 * their buffer by it.
 * ISO/IEC 14496-12 allows any durations of samples (8.8.8, trun). In the middle of a segment
 * decoding times are one frame apart, because some players derive the frame rate from them.
 */
#ifndef TRANSCODER_PACKAGE_DTS_H
#define TRANSCODER_PACKAGE_DTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Fills dts with decoding times. dts starts at pts[0], rises strictly, and never exceeds pts.
 * pts: the presentation times in decoding order. The first is the lowest, and they differ by
 * multiples of frame_ticks.
 * Returns 0; or -1 if there is no solution: the ticks are too coarse, or the first frame is not
 * shown first. Pure.
 */
int dts_spread(const int64_t *pts, int64_t *dts, size_t count, int64_t frame_ticks);

#endif
