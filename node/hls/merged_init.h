/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The beginning of a virtual MP4 (ISO/IEC 14496-12): the init segments of a picture and its sound,
 * each of one track, made into one, with an index of what follows. Pure.
 */
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

/* A run of the file that begins with an IDR: a segment of each input, one behind the other. */
struct merged_segment {
    int64_t bytes;
    int64_t duration_ticks;
};

struct merged_params {
    const struct merged_input *inputs; /* whole init segments; the first is what the index is of */
    size_t input_count;                /* 1 to MERGED_MAX_INPUTS */
    int64_t duration_us;               /* of the lesson */
    int timescale;                     /* of the segments' durations */
    int64_t start_ticks;               /* when the first segment begins */
    const struct merged_segment *segments;
    size_t segment_count;
};

/*
 * Adds ftyp, moov and, where it can say all (at most 65,535 segments under 2 GiB), sidx. 0; -1 if
 * an input is malformed or lacks something, or two tracks have the same number; out then holds part
 * of it. Memory running out shows in out->failed.
 */
int merged_init_write(const struct merged_params *params, struct buf *out);

/*
 * When a segment begins: its first fragment's decoding time, and its first sample's composition
 * offset added. data: the segment, or its beginning up to the fragment's first samples. 0 or -1.
 */
int merged_segment_start(const uint8_t *data, size_t bytes, int64_t *start_ticks);

#endif
