/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages from a worker to the node, on a socket. They are typed and length-checked:
 *
 *   u32 type, u32 length of the payload, payload
 *
 * Integers are little-endian. A string is its u32 length and its bytes. The node trusts none of the
 * contents, because the worker has read untrusted media. A malformed message ends the worker.
 */
#ifndef TRANSCODER_PROTOCOL_MESSAGE_H
#define TRANSCODER_PROTOCOL_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "transcoder/protocol/job.h"
#include "transcoder/protocol/reason.h"
#include "transcoder/protocol/rendition.h"

enum message_type {
    MESSAGE_PROGRESS = 1, /* the share of this work that is done, in permille */
    /* The findings of the probe. If it wrote a remuxed copy, the copy is in place and synced. */
    MESSAGE_PROBED = 2,
    MESSAGE_INIT = 3,       /* a rendition's init segment is in place and synced */
    MESSAGE_CHUNK = 4,      /* a chunk is in place and synced */
    MESSAGE_POSTER = 5,     /* the poster is in place and synced */
    MESSAGE_FAILED = 6,     /* the work failed, and reason says why; the node may try again */
    MESSAGE_DONE = 7,       /* this work is complete; the last message */
    MESSAGE_STORYBOARD = 8, /* the storyboard's sheets and their index are in place and synced */
    /* A request for a file. The node answers with a reply (transcoder/protocol/reply.h). The worker
     * must read it before it asks again. */
    MESSAGE_FILE = 9,
};

enum message_request {
    /* Make the file, under a temporary name. The reply has a descriptor to write and read it. */
    MESSAGE_REQUEST_CREATE = 1,
    /* The file is complete, and the worker has synced it. Give it its name, and sync its folder. A
     * file for which this is never asked is removed when the worker ends. */
    MESSAGE_REQUEST_KEEP = 2,
    MESSAGE_REQUEST_READ = 3, /* Open a finished file. The reply has a descriptor to read it. */
};

#define MESSAGE_MAX_BYTES (1024 * 1024)
#define MESSAGE_HEADER_BYTES 8
#define MESSAGE_MAX_SEGMENTS 4096
#define MESSAGE_MAX_SHEETS 64

struct message_segment {
    int64_t offset_bytes;   /* from the start of the chunk */
    int32_t length_bytes;   /* of the whole segment */
    int32_t duration_ticks; /* in the timescale of the rendition */
    int32_t iframe_bytes;   /* from the segment's start to its keyframe's end; 0: not stated */
};

struct message {
    enum message_type type;
    int permille;           /* PROGRESS */
    struct media_info info; /* PROBED */
    int64_t remuxed_bytes;  /* PROBED: size of the remuxed copy; 0: none was written */
    char rendition[RENDITION_NAME_BYTES]; /* INIT, CHUNK: name of the rendition */
    int chunk;                            /* CHUNK */
    int sheets;                           /* STORYBOARD: number of sheets, at least 1 */
    int64_t bytes;                        /* INIT, CHUNK: size of the file */
    char sha256[65];                      /* INIT, CHUNK: hash of the file, 64 hex digits */
    char codecs[64];                      /* INIT: codec name (RFC 6381) */
    /* CHUNK. message_decode() allocates the array, message_clear() frees it. */
    struct message_segment *segments;
    size_t segment_count;
    enum message_request request; /* FILE */
    struct job_file file;         /* FILE */
    enum reason reason;           /* FAILED */
    char detail[256];             /* FAILED: details in UTF-8 */
};

/*
 * Encodes a message, header included, into a new buffer. The caller frees *out.
 * Returns 0, or -1 if memory runs out or the message is too large.
 */
int message_encode(const struct message *message, uint8_t **out, size_t *out_bytes);

/*
 * Decodes the message at the start of data. After a result above 0 the caller ends with
 * message_clear(out).
 * Returns the number of bytes read; 0 if data holds only part of a message; -1 if the message is
 * malformed or memory runs out. Any thread.
 */
long message_decode(const uint8_t *data, size_t data_bytes, struct message *out);
/* Frees the memory that message_decode() allocated. Accepts a message that is already cleared. */
void message_clear(struct message *message);

#endif
