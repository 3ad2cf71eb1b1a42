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

#define MPEGTS_PACKET_BYTES 188
#define MPEGTS_CLOCK_HZ 90000

struct mpegts;

/* first_segment: the chunk's first, numbered through the lesson. *out is the caller's (mpegts_close).
 * 0, or -1: out of memory. */
int mpegts_open(struct mpegts **out, int64_t first_segment, bool sound);
void mpegts_close(struct mpegts **ts);

/*
 * Begins a segment with the tables; the picture that follows must be an IDR. Then pictures and
 * frames of sound in the order of their times (90 kHz, not negative), then its end; mpegts_end_chunk()
 * instead after the last. sound: a frame with its ADTS header. 0, or -1: out of memory.
 */
int mpegts_begin_segment(struct mpegts *ts);
int mpegts_add_picture(
    struct mpegts *ts, const uint8_t *data, size_t bytes, int64_t time, bool keyframe);
int mpegts_add_audio(struct mpegts *ts, const uint8_t *data, size_t bytes, int64_t time);
int mpegts_end_segment(struct mpegts *ts);
int mpegts_end_chunk(struct mpegts *ts);

/* What has been made; valid until the next call. */
const uint8_t *mpegts_bytes(const struct mpegts *ts, size_t *count);

#endif
