/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Corrects timestamps that leap. In recordings that were joined (discs, broadcasts, joined
 * files) the timestamps start again or leap. The caller passes each packet of a file in turn and
 * gets the shift that makes the times continuous. */
#ifndef TRANSCODER_DEMUX_TIMESTAMPS_H
#define TRANSCODER_DEMUX_TIMESTAMPS_H

#include "transcoder/demux/input.h"

struct timestamp_stream {
    /* corrected time at which the next packet is due; INT64_MIN before the first */
    int64_t next_us;
};

struct timestamps {
    int64_t shift_us; /* current shift of all streams */
    int leaps;        /* leaps so far */
    struct timestamp_stream streams[INPUT_MAX_STREAMS];
};

void timestamps_init(struct timestamps *clock);
/* Returns the time to add to the times of this packet, in microseconds. It is always 0 in
 * containers whose times cannot leap. The stream of the packet must be below INPUT_MAX_STREAMS. */
int64_t timestamps_shift_us(
    struct timestamps *clock, const AVFormatContext *format, const AVPacket *packet);

#endif
