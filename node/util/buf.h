/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A growing run of bytes with a NUL behind it. A failed allocation is remembered instead of
 * returned, so that a text can be put together in many steps and checked once. One thread at a
 * time.
 */
#ifndef NODE_UTIL_BUF_H
#define NODE_UTIL_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* NULL while nothing was added; else NUL-terminated */
    size_t used_bytes;
    size_t room_bytes;
    bool failed; /* memory ran out: what was added last is missing, and nothing more is added */
};

/* Adds bytes, text up to its NUL, or printf's output. An all-zero struct buf is empty and ready. */
void buf_add(struct buf *buf, const void *data, size_t data_bytes);
void buf_add_text(struct buf *buf, const char *text);
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Frees the bytes; the struct is empty and ready again. */
void buf_free(struct buf *buf);

#endif
