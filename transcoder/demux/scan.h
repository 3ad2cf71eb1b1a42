/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads every packet of a file, to find out the real start, end and size of each stream. */
#ifndef TRANSCODER_DEMUX_SCAN_H
#define TRANSCODER_DEMUX_SCAN_H

#include <stdbool.h>

#include "transcoder/demux/input.h"
#include "transcoder/worker/report.h"

struct scan_stream {
    int64_t packets, bytes;   /* without packets that an edit list cuts away */
    int64_t start_us, end_us; /* in the container's time; valid only with `timed` */
    int64_t skip_until_us;    /* packets before this time only prime the decoder */
    bool timed;               /* at least nine of ten packets have a timestamp */
    int64_t keyframe_us;      /* time of the latest keyframe */
    int64_t keyframe_gap_us;  /* longest time without a keyframe */
    int64_t untimed_packets;
};

struct scan {
    struct scan_stream streams[INPUT_MAX_STREAMS];
    int stream_count;
    int leaps; /* leaps of the timestamps, see transcoder/demux/timestamps.h */
};

/*
 * Reads the input to its end. Damage in the file is not a failure.
 * Returns 0; or -1 with failure set: out of memory, more packets than the longest lesson has, or
 * the node is gone.
 */
int scan_packets(
    struct input *input, struct report *report, struct scan *out, struct failure *failure);

#endif
