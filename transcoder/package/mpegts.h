/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packs H.264 and AAC as an MPEG transport stream (ISO/IEC 13818-1), one chunk at a time, with
 * little overhead. The muxer of libavformat pads the end of each frame to a whole packet, which
 * costs a tenth of the stream at these bit rates. Here the last bytes of a frame share a packet
 * with the start of the next frame.
 *
 * Continuity counters continue from chunk to chunk, although each chunk is made independently.
 * Those of the tables follow from the number of the segment. For video and for audio, each chunk
 * but the last of the lesson holds a multiple of sixteen packets.
 *
 * One chunk is kept in memory. One thread at a time.
 */
#ifndef TRANSCODER_PACKAGE_MPEGTS_H
#define TRANSCODER_PACKAGE_MPEGTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MPEGTS_PACKET_BYTES 188
#define MPEGTS_CLOCK_HZ 90000

struct mpegts;

/*
 * Opens a chunk. *out is the caller's, for mpegts_close().
 * first_segment: number of the chunk's first segment in the lesson. audio: the stream has audio.
 * Returns 0, or -1 if memory runs out.
 */
int mpegts_open(struct mpegts **out, int64_t first_segment, bool audio);
/* Frees the chunk and sets *ts to NULL. Accepts NULL in *ts. */
void mpegts_close(struct mpegts **ts);

/*
 * Fill the chunk. Each segment begins with mpegts_begin_segment(), which writes the tables. An IDR
 * picture must follow. Then come video frames and audio frames, each kind in the order of its times
 * (90 kHz, not negative).
 *
 * mpegts_end_segment() ends a segment. mpegts_end_chunk() replaces it at the end of a chunk that
 * another chunk follows.
 *
 * An audio frame includes its ADTS header.
 *
 * Return 0, or -1 if memory runs out.
 */
int mpegts_begin_segment(struct mpegts *ts);
int mpegts_add_picture(
    struct mpegts *ts, const uint8_t *data, size_t bytes, int64_t time, bool keyframe);
int mpegts_add_audio(struct mpegts *ts, const uint8_t *data, size_t bytes, int64_t time);
int mpegts_end_segment(struct mpegts *ts);
int mpegts_end_chunk(struct mpegts *ts);

/* Returns the bytes made so far; valid until the next call. */
const uint8_t *mpegts_bytes(const struct mpegts *ts, size_t *count);

#endif
