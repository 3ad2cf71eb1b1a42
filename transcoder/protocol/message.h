/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a worker says to the node: typed, length-checked messages on a pipe.
 *
 *   u32 type, u32 length (of the payload), payload; integers little-endian; a string is u32 length
 * + bytes.
 *
 * The node trusts nothing in it: a worker has read untrusted media. A malformed message ends the
 * worker.
 */
#ifndef TRANSCODER_PROTOCOL_MESSAGE_H
#define TRANSCODER_PROTOCOL_MESSAGE_H
#include <stddef.h>
#include <stdint.h>

#include "transcoder/protocol/reason.h"
#include "transcoder/protocol/rendition.h"

enum message_type {
    MESSAGE_PROGRESS = 1, /* permille of this piece */
    MESSAGE_PROBED =
        2, /* the probe's findings; the remuxed copy, if one was written, is in place and synced */
    MESSAGE_INIT = 3,       /* a rendition's init segment is in place and synced */
    MESSAGE_CHUNK = 4,      /* a chunk is in place and synced */
    MESSAGE_POSTER = 5,     /* the poster is in place and synced */
    MESSAGE_FAILED = 6,     /* this piece can't be done; retrying will not help */
    MESSAGE_DONE = 7,       /* this piece is complete; the last message */
    MESSAGE_STORYBOARD = 8, /* the storyboard's sheets and their index are in place and synced */
};

#define MESSAGE_MAX_BYTES (1024 * 1024)
#define MESSAGE_HEADER_BYTES 8
#define MESSAGE_MAX_SEGMENTS 4096
#define MESSAGE_MAX_SHEETS 64

struct message_segment {
    int64_t offset_bytes;
    int32_t length_bytes, duration_ticks, iframe_bytes; /* as in the catalog */
};

struct message {
    enum message_type type;
    int permille;                         /* PROGRESS */
    struct media_info info;               /* PROBED */
    int64_t remuxed_bytes;                /* PROBED: 0 none */
    char rendition[RENDITION_NAME_BYTES]; /* INIT, CHUNK */
    int chunk;                            /* CHUNK */
    int sheets;                           /* STORYBOARD: from 1 */
    int64_t bytes;                        /* INIT, CHUNK */
    char sha256[65];                      /* INIT, CHUNK: 64 lower-case hex digits */
    char codecs[64];                      /* INIT: RFC 6381 */
    struct message_segment
        *segments; /* CHUNK: malloc'd by message_decode, freed by message_clear */
    size_t segment_count;
    enum reason reason; /* FAILED */
    char detail[256];   /* FAILED: UTF-8 */
};

/* Encodes into a fresh malloc'd buffer (the caller's), header included. 0, or -1: out of memory or
 * too large. */
int message_encode(const struct message *message, uint8_t **out, size_t *out_bytes);

/*
 * Decodes one message from the front of data. Returns the bytes it took (> 0), 0 if data holds only
 * part of a message, -1 if it is malformed. On > 0 the caller ends with message_clear(out). Pure.
 */
long message_decode(const uint8_t *data, size_t data_bytes, struct message *out);
/* Frees what message_decode allocated; accepts a cleared one. */
void message_clear(struct message *message);

#endif
