/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies the streams of a source, without encoding them again, to a container that can seek and has
 * all timestamps: Matroska, or NUT for codecs that Matroska does not support. */
#ifndef TRANSCODER_PROBE_REMUX_H
#define TRANSCODER_PROBE_REMUX_H

#include "transcoder/demux/input.h"
#include "transcoder/package/deliver.h"

struct remux_params {
    /* Indices of the source's streams to copy, at most 1 + MEDIA_MAX_AUDIO + MEDIA_MAX_TEXT. */
    const int *streams;
    int stream_count;
    /* A video stream without timestamps, which gets them by being decoded once; -1: none. */
    int untimed_stream;
    AVRational fps; /* frame rate of the untimed stream */
};

/* Writes the file JOB_FILE_REMUXED, which the caller must keep (output_keep()). On success *fd is
 * open for reading the copy and is the caller's, and *bytes is its size. Returns 0, or -1 with
 * failure set. */
int remux_run(const struct work *work, const struct remux_params *params, int *fd, int64_t *bytes,
    struct failure *failure);

#endif
