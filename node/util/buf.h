/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A buffer that grows and keeps a NUL behind its bytes. It remembers a failed allocation instead of
 * returning it, so that a text can be built in many steps and checked once. One thread at a
 * time. */
#ifndef NODE_UTIL_BUF_H
#define NODE_UTIL_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* NULL before the first addition; then its bytes are followed by a NUL */
    size_t used_bytes;
    size_t room_bytes;
    bool failed; /* memory ran out: the last addition is missing, and nothing more is added */
};

/* Add bytes; text up to its NUL; or the output of printf. An all-zero struct buf is empty and
 * ready. */
void buf_add(struct buf *buf, const void *data, size_t data_bytes);
void buf_add_text(struct buf *buf, const char *text);
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Frees the bytes. The struct is then empty and ready again. */
void buf_free(struct buf *buf);

#endif
