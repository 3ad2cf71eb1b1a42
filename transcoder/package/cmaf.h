/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Encoded packets into CMAF (ISO/IEC 23000-19): an init segment, and chunks whose segments are
 * fragments (moof+mdat) of some 2 s with absolute times. Keeps one chunk in memory; the caller
 * writes it out.
 */
#ifndef TRANSCODER_PACKAGE_CMAF_H
#define TRANSCODER_PACKAGE_CMAF_H
#include <libavcodec/avcodec.h>

#include "transcoder/plan/plan.h"
#include "transcoder/protocol/message.h"
#include "transcoder/worker/failure.h"

struct cmaf;

struct cmaf_params {
    const struct rendition *rendition; /* the caller's; copied from */
    const AVCodecContext *encoder;     /* open, with its extradata */
    int64_t first_segment; /* number of the chunk's first segment: numbers its fragments */
};

/* Opens the chunk. *out is the caller's (cmaf_close). -1: failure set. */
int cmaf_open(struct cmaf **out, const struct cmaf_params *params, struct failure *failure);
void cmaf_close(struct cmaf **cmaf);

/* Adds a packet in decoding order; times in the rendition's timescale. The packet stays the
 * caller's. */
int cmaf_add(struct cmaf *cmaf, const AVPacket *packet, struct failure *failure);
/* Ends the present segment; the next packet begins another. Nothing happens if it is empty. */
int cmaf_end_segment(struct cmaf *cmaf, struct failure *failure);

struct cmaf_chunk {
    const uint8_t *init; /* valid until cmaf_close(), like all here */
    size_t init_bytes;
    const uint8_t *data;
    size_t data_bytes;
    struct message_segment *segments;
    size_t segment_count;
};
/* What has been packed, all segments ended. */
void cmaf_result(const struct cmaf *cmaf, struct cmaf_chunk *out);

/* RFC 6381 codec name of an open encoder, e.g. "avc1.64001F". 0 or -1 (unknown codec). */
int cmaf_codecs(const AVCodecContext *encoder, char *out, size_t out_bytes);

#endif
