/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The beginning of a virtual MP4 file (ISO/IEC 14496-12). The init segments of several renditions,
 * such as video and audio, with one track each, become one init segment. An index of the segments
 * follows it. Pure. */
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

/* Part of the virtual file at which a player can start: one segment of each input, one after the
 * other. */
struct merged_segment {
    int64_t bytes;
    int64_t duration_ticks;
};

struct merged_params {
    const struct merged_input *inputs; /* complete init segments; the index names the track of
                                        * the first one */
    size_t input_count;                /* 1 to MERGED_MAX_INPUTS */
    int64_t duration_us;               /* of the virtual file */
    int timescale;                     /* of the segments' durations and of start_ticks */
    int64_t start_ticks;               /* start time of the first segment */
    const struct merged_segment *segments;
    size_t segment_count;
};

/* Writes ftyp and moov; and sidx, if it can describe all segments (1 to 65,535, each of less than 2
 * GiB and with a duration). Returns 0; -1 if an input is malformed or incomplete, if two tracks
 * have the same number, or if input_count is out of range. After -1, out may hold an incomplete
 * beginning. If memory runs out, out->failed is set. */
int merged_init_write(const struct merged_params *params, struct buf *out);

/* Determines when a segment starts: the decode time of its first fragment plus the composition
 * offset of its first sample. data: the segment, or its beginning up to the first samples. Returns
 * 0 or -1. */
int merged_segment_start(const uint8_t *data, size_t bytes, int64_t *start_ticks);

#endif
