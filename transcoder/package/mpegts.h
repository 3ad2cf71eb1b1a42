/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * H.264 and AAC into an MPEG transport stream (ISO/IEC 13818-1), a chunk at a time, with little
 * overhead. libavformat's muxer pads the end of every picture to a whole packet, which at these
 * rates costs a tenth of the stream; here a picture's last bytes go into the packet with which the
 * next one begins.
 *
 * Continuity counters go on from chunk to chunk, although each chunk is made by itself: the tables'
 * follow from the segment's number, and a chunk holds a multiple of sixteen packets of picture and
 * of sound. Keeps one chunk in memory. One thread at a time.
 */
#ifndef TRANSCODER_PACKAGE_MPEGTS_H
#define TRANSCODER_PACKAGE_MPEGTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_PACKET_BYTES 188
#define TS_CLOCK 90000

struct ts;

/* first_segment: the chunk's first, numbered through the lesson. *out is the caller's (ts_close).
 * 0, or -1: out of memory. */
int ts_open(struct ts **out, int64_t first_segment, bool sound);
void ts_close(struct ts **ts);

/*
 * Begins a segment with the tables; the picture that follows must be an IDR. Then pictures and
 * frames of sound in the order of their times (90 kHz, not negative), then its end; ts_end_chunk()
 * instead after the last. sound: a frame with its ADTS header. 0, or -1: out of memory.
 */
int ts_begin_segment(struct ts *ts);
int ts_add_picture(struct ts *ts, const uint8_t *data, size_t bytes, int64_t time, bool keyframe);
int ts_add_sound(struct ts *ts, const uint8_t *data, size_t bytes, int64_t time);
int ts_end_segment(struct ts *ts);
int ts_end_chunk(struct ts *ts);

/* What has been made; valid until the next call. */
const uint8_t *ts_bytes(const struct ts *ts, size_t *count);

#endif
