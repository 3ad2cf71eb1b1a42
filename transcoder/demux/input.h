/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opening an untrusted media file, given by descriptor alone: its own reader, no protocols,
 * containers that hold media themselves, and nothing that names other files.
 */
#ifndef TRANSCODER_DEMUX_INPUT_H
#define TRANSCODER_DEMUX_INPUT_H
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "transcoder/worker/failure.h"

struct input {
    AVFormatContext *format;
    AVIOContext *io;
    int fd;
    int64_t at_bytes, size_bytes;
    int errors; /* in a row, while reading packets */
};

/*
 * Opens the file and finds its streams. fd stays the caller's; several inputs may read from one
 * descriptor (each keeps its own excerpt). On success *out is the caller's, for input_close(). On
 * failure NULL, and failure says whether it is empty, a playlist, a picture, text, no media, or cut
 * short. One thread at a time.
 */
int input_open(struct input **out, int fd, struct failure *failure);
/* Accepts NULL; sets *input to NULL. */
void input_close(struct input **input);

/* The next packet; what can't be read is passed over. 0, or negative: the end, or out of memory
 * (AVERROR(ENOMEM)). */
int input_read(struct input *input, AVPacket *packet);

/* A decoder for one stream: one thread, so that damaged streams give the same pictures every time.
 * *out is the caller's (avcodec_free_context). -1: unknown codec or out of memory, failure set. */
int input_open_decoder(
    const struct input *input, int stream, AVCodecContext **out, struct failure *failure);

/* Bounds on what is accepted at all. */
#define INPUT_MAX_STREAMS 64
#define INPUT_MAX_PIXELS (8192LL * 4608)
#define INPUT_MAX_US (12LL * 3600 * 1000000)

#endif
