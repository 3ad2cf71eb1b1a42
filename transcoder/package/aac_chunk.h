/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the frames of a finished AAC chunk. */
#ifndef TRANSCODER_PACKAGE_AAC_CHUNK_H
#define TRANSCODER_PACKAGE_AAC_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#include "transcoder/worker/failure.h"

struct aac_frame {
    int64_t start;    /* lesson time, in samples */
    size_t at, bytes; /* offset and size in data, ADTS header included */
};

struct aac_chunk {
    uint8_t *data; /* the frames one after another, each with an ADTS header */
    struct aac_frame *frames;
    size_t count;
    int sample_rate;
};

/* Reads a chunk and the init segment of its rendition, from the starts of the two files. The
 * descriptors stay the caller's. *out is the caller's, for aac_chunk_free(), also after a failure.
 * Returns 0, or -1 with failure set. */
int aac_chunk_read(struct aac_chunk *out, int init_fd, int chunk_fd, struct failure *failure);
void aac_chunk_free(struct aac_chunk *audio);

#endif
