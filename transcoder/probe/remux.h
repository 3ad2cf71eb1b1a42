/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A copy of a source's streams, not encoded again, in a container that can be sought and has every
 * time (Matroska). */
#ifndef TRANSCODER_PROBE_REMUX_H
#define TRANSCODER_PROBE_REMUX_H
#include "transcoder/demux/input.h"
#include "transcoder/package/deliver.h"

struct remux_params {
    const int *streams; /* which of the source's, at most 1 + MEDIA_MAX_AUDIO + MEDIA_MAX_TEXT */
    int stream_count;
    int untimed_stream; /* a video stream without times, which get made by decoding it once; -1 none
                         */
    AVRational fps;     /* of that stream */
};

/* Writes work->job->remux_name, synced. On success *fd is open for reading on it (the caller's)
 * and *bytes its size. -1: failure set, nothing left behind. */
int remux_run(const struct work *work, const struct remux_params *params, int *fd, int64_t *bytes,
    struct failure *failure);

#endif
