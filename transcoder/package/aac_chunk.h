/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frames of a finished AAC chunk, read back from below the output folder. */
#ifndef TRANSCODER_PACKAGE_AAC_CHUNK_H
#define TRANSCODER_PACKAGE_AAC_CHUNK_H
#include <stddef.h>
#include <stdint.h>

#include "transcoder/worker/failure.h"

struct aac_frame {
    int64_t start; /* on the lesson's clock, in samples */
    size_t at, bytes;
};

struct aac_chunk {
    uint8_t *data; /* frames end to end, each with an ADTS header */
    struct aac_frame *frames;
    size_t count;
    int sample_rate;
};

/* Reads chunk `chunk` of the rendition of that name. *out is the caller's (aac_chunk_free), also
 * on failure. 0, or -1: failure set. */
int aac_chunk_read(struct aac_chunk *out, int output_fd, const char *rendition, int chunk,
    struct failure *failure);
void aac_chunk_free(struct aac_chunk *sound);

#endif
