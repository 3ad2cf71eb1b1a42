/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The playlists of a complete lesson as they are sent, packed as well as gzip can, once: they are
 * kept with the lesson's index and go with it. Nearly every client takes gzip; for the others a
 * playlist is written anew. Any thread, several at once.
 */
#ifndef NODE_HLS_PACKED_TEXT_H
#define NODE_HLS_PACKED_TEXT_H

#include <stdatomic.h>
#include <stddef.h>

#include "node/util/buf.h"

/* Of one lesson: an hour in ten renditions packs into some 60 KB. What comes after that is packed
 * for each request. */
#define PACKED_TEXT_MAX_BYTES ((size_t)128 * 1024)

struct packed_text {
    char etag[24]; /* weak, since packed and plain share its hash */
    size_t data_bytes;
    unsigned char data[]; /* gzip */
};

/* One lesson's, by numbers that its user gives them. */
struct packed_texts {
    _Atomic(struct packed_text *) *items;
    size_t count;
    atomic_size_t used_bytes;
};

int packed_texts_open(struct packed_texts *texts, size_t count); /* 0 or -ENOMEM */
/* No other call may be under way. An all-zero struct is empty. */
void packed_texts_close(struct packed_texts *texts);

/* NULL if it is not kept; else valid as long as texts. */
const struct packed_text *packed_texts_find(const struct packed_texts *texts, size_t number);
/* Packs text and keeps it, if another thread hasn't meanwhile. NULL: no memory, or no room. */
const struct packed_text *packed_texts_keep(
    struct packed_texts *texts, size_t number, const struct buf *text);

/* The strong tag of a text, for who gets it plain. */
void packed_text_tag(const struct buf *text, char etag[24]);

#endif
