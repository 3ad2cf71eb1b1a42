/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A look at every packet of a file: what each stream really has, from when to when. */
#ifndef TRANSCODER_DEMUX_SCAN_H
#define TRANSCODER_DEMUX_SCAN_H
#include <stdbool.h>

#include "transcoder/demux/input.h"
#include "transcoder/worker/report.h"

struct scan_stream {
    int64_t packets, bytes;   /* without those that an edit list cuts away */
    int64_t start_us, end_us; /* on the container's clock; only with `timed` */
    int64_t skip_until_us;    /* before this only what the decoder is primed with */
    bool timed;               /* nearly every packet has a time */
    int64_t keyframe_us;      /* of the latest */
    int64_t keyframe_gap_us;  /* the longest stretch without one */
    int64_t untimed_packets;
};

struct scan {
    struct scan_stream streams[INPUT_MAX_STREAMS];
    int stream_count;
    int leaps; /* of the clock, see transcoder/demux/timestamps.h */
};

/* Reads the input to its end. Damage in it is no failure. 0, or -1: failure set (out of memory,
 * more packets than the longest lesson has, or the node is gone). */
int scan_packets(
    struct input *input, struct report *report, struct scan *out, struct failure *failure);

#endif
