/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The beginning of a virtual MP4 file (ISO/IEC 14496-12). The init segments of a video and an audio
 * rendition, with one track each, become one init segment, followed by an index of the segments.
 * Pure. */
#ifndef NODE_HLS_MERGED_INIT_H
#define NODE_HLS_MERGED_INIT_H

#include <stddef.h>
#include <stdint.h>

#include "node/util/buf.h"

#define MERGED_MAX_INPUTS 4

struct merged_input {
    const uint8_t *data;
    size_t bytes;
};

/* Part of the virtual file that begins with an IDR: one segment of each input, one after the
 * other. */
struct merged_segment {
    int64_t bytes;
    int64_t duration_ticks;
};

struct merged_params {
    const struct merged_input *inputs; /* complete init segments; the index describes the first
                                        * input */
    size_t input_count;                /* 1 to MERGED_MAX_INPUTS */
    int64_t duration_us;               /* of the lesson */
    int timescale;                     /* of the segments' durations */
    int64_t start_ticks;               /* start time of the first segment */
    const struct merged_segment *segments;
    size_t segment_count;
};

/* Writes ftyp and moov; and sidx, if it can describe all segments (at most 65,535 of less than 2
 * GiB each). Returns 0; -1 if an input is malformed or incomplete, or if two tracks have the
 * same number, and then out holds an incomplete beginning. If memory runs out, out->failed is
 * set. */
int merged_init_write(const struct merged_params *params, struct buf *out);

/* Determines when a segment starts: the decode time of its first fragment plus the composition
 * offset of its first sample. data: the segment, or its beginning up to the first samples. Returns
 * 0 or -1. */
int merged_segment_start(const uint8_t *data, size_t bytes, int64_t *start_ticks);

#endif
