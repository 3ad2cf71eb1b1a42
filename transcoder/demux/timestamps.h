/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Broken clocks: recordings laid end to end (discs, broadcasts, joined files) begin their times
 * anew, or leap. Sees each packet of a file in turn and says by how much its times are to be moved,
 * so that they run on.
 */
#ifndef TRANSCODER_DEMUX_TIMESTAMPS_H
#define TRANSCODER_DEMUX_TIMESTAMPS_H
#include "transcoder/demux/input.h"

struct timestamp_stream {
    int64_t next_us; /* when its next packet is due, moved; INT64_MIN before the first */
};

struct timestamps {
    int64_t shift_us; /* of all streams */
    int leaps;        /* so far */
    struct timestamp_stream streams[INPUT_MAX_STREAMS];
};

void timestamps_init(struct timestamps *clock);
/*
 * What is to be added to this packet's times (AV_TIME_BASE). Containers whose times can't leap by
 * their nature always get 0. Packets of streams beyond INPUT_MAX_STREAMS must not be given.
 */
int64_t timestamps_shift_us(
    struct timestamps *clock, const AVFormatContext *format, const AVPacket *packet);

#endif
