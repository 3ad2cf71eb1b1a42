/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packs encoded packets as CMAF (ISO/IEC 23000-19): an init segment, and chunks of segments. A
 * segment consists of fragments (moof and mdat) of about 2 s with absolute times. One chunk is
 * kept in memory; the caller writes it to disk. */
#ifndef TRANSCODER_PACKAGE_CMAF_H
#define TRANSCODER_PACKAGE_CMAF_H

#include <libavcodec/avcodec.h>

#include "transcoder/plan/plan.h"
#include "transcoder/protocol/message.h"
#include "transcoder/worker/failure.h"

struct cmaf;

struct cmaf_params {
    const struct rendition *rendition; /* read by cmaf_open() only */
    const AVCodecContext *encoder; /* an open encoder with extradata; read by cmaf_open() only */
    /* number of the chunk's first segment; the numbers of the fragments follow from it */
    int64_t first_segment;
};

/* Opens the chunk. *out is the caller's, for cmaf_close(). Returns 0, or -1 with failure set. */
int cmaf_open(struct cmaf **out, const struct cmaf_params *params, struct failure *failure);
/* Frees the chunk and sets *cmaf to NULL. Accepts NULL in *cmaf. */
void cmaf_close(struct cmaf **cmaf);

/* Adds a packet. Packets come in decoding order, with times in the timescale of the rendition.
 * The packet stays the caller's. Returns 0, or -1 with failure set. */
int cmaf_add(struct cmaf *cmaf, const AVPacket *packet, struct failure *failure);
/* Ends the current segment; the next packet begins another. An empty segment is ignored. Returns
 * 0, or -1 with failure set. */
int cmaf_end_segment(struct cmaf *cmaf, struct failure *failure);

/* A packed chunk. All pointers are valid until cmaf_close(). */
struct cmaf_chunk {
    const uint8_t *init; /* the init segment */
    size_t init_bytes;
    const uint8_t *data;
    size_t data_bytes;
    struct message_segment *segments;
    size_t segment_count;
};
/* Returns the packed chunk. All segments must be ended. */
void cmaf_result(const struct cmaf *cmaf, struct cmaf_chunk *out);

/* Writes the codec name (RFC 6381) of an open encoder, such as "avc1.64001F". Returns 0; or -1: the
 * codec is unknown, its headers are missing, or out is too small. */
int cmaf_codecs(const AVCodecContext *encoder, char *out, size_t out_bytes);

#endif
