/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The playlists of a lesson, compressed with gzip at the best level. Each is packed once
 * and kept with the lesson's index. Nearly every client accepts gzip; for other clients, playlists
 * are written again. Any thread, several at once. */
#ifndef NODE_HLS_PACKED_TEXT_H
#define NODE_HLS_PACKED_TEXT_H

#include <stdatomic.h>
#include <stddef.h>

#include "node/util/buf.h"

/* Bound for the playlists of one lesson. An hour in ten renditions needs about 60 KB. Playlists
 * beyond the bound are compressed for each request. */
#define PACKED_TEXT_MAX_BYTES ((size_t)128 * 1024)

struct packed_text {
    char etag[24]; /* weak, because the packed and the plain text share a hash */
    size_t data_bytes;
    unsigned char data[]; /* the gzip data */
};

/* The packed playlists of one lesson. The user numbers them. */
struct packed_texts {
    _Atomic(struct packed_text *) *items;
    size_t count;
    atomic_size_t used_bytes;
};

int packed_texts_open(struct packed_texts *texts, size_t count); /* Returns 0 or -ENOMEM. */
/* Frees all texts. No other call may be running. Accepts an all-zero struct. */
void packed_texts_close(struct packed_texts *texts);

/* Returns a kept text, valid as long as texts; NULL if there is none with this number. */
const struct packed_text *packed_texts_find(const struct packed_texts *texts, size_t number);
/* Packs a text and keeps it, unless another thread kept one meanwhile. Returns the kept text; NULL
 * if memory or room ran out. */
const struct packed_text *packed_texts_keep(
    struct packed_texts *texts, size_t number, const struct buf *text);

/* Writes the strong entity tag of a text that is sent without compression. */
void packed_text_tag(const struct buf *text, char etag[24]);

#endif
