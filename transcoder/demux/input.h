/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opens an untrusted media file by its descriptor alone. FFmpeg gets our own reader and no
 * protocols.
 * Only containers that hold media themselves are accepted, never files that name other files.
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
    int errors; /* errors in a row while packets are read */
};

/*
 * Opens the file and finds its streams. *out is the caller's, for input_close(). fd stays the
 * caller's; several inputs may read from one descriptor, because each keeps its own position.
 * Returns 0; or -1 with *out NULL and failure set, for example because the file is empty, a
 * picture, not media, or cut short. If the disk can't read the file, now or later, the process ends
 * with JOB_EXIT_SOURCE.
 * One thread at a time.
 */
int input_open(struct input **out, int fd, struct failure *failure);
/* Closes the input and sets *input to NULL. Accepts NULL in *input. */
void input_close(struct input **input);

/* Reads the next packet and steps over damaged parts. Returns 0; or a negative AVERROR: the end
 * of the file, too many damaged parts in a row, or AVERROR(ENOMEM). */
int input_read(struct input *input, AVPacket *packet);

/*
 * Opens a decoder for one stream. It uses one thread, so that a damaged stream always gives the
 * same pictures. *out is the caller's, for avcodec_free_context().
 * Returns 0; or -1 with failure set: unknown codec, or out of memory.
 */
int input_open_decoder(
    const struct input *input, int stream, AVCodecContext **out, struct failure *failure);

/* Limits; a file that exceeds one is refused. */
#define INPUT_MAX_STREAMS 64
#define INPUT_MAX_PIXELS (8192LL * 4608)
#define INPUT_MAX_US (12LL * 3600 * 1000000)

#endif
