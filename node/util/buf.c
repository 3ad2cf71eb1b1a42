/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/util/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 256, LIKELY_BYTES = 100 };

/* Makes room for more bytes and a NUL. */
static bool reserve(struct buf *buf, size_t more_bytes)
{
    size_t room = buf->room_bytes ? buf->room_bytes : FIRST_BYTES;
    if (buf->failed || more_bytes >= SIZE_MAX / 4 - buf->used_bytes) {
        buf->failed = true;
        return false;
    }
    while (room < buf->used_bytes + more_bytes + 1)
        room *= 2;
    if (room == buf->room_bytes)
        return true;
    char *grown = realloc(buf->data, room);
    if (!grown) {
        buf->failed = true;
        return false;
    }
    buf->data = grown;
    buf->room_bytes = room;
    return true;
}

void buf_add(struct buf *buf, const void *data, size_t data_bytes)
{
    if (!reserve(buf, data_bytes))
        return;
    if (data_bytes)
        memcpy(buf->data + buf->used_bytes, data, data_bytes);
    buf->used_bytes += data_bytes;
    buf->data[buf->used_bytes] = '\0';
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    int length;
    if (!reserve(buf, LIKELY_BYTES))
        return;
    va_start(args, format);
    length =
        vsnprintf(buf->data + buf->used_bytes, buf->room_bytes - buf->used_bytes, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= buf->room_bytes - buf->used_bytes) {
        if (length < 0 || !reserve(buf, (size_t)length))
            return;
        va_start(args, format);
        vsnprintf(buf->data + buf->used_bytes, (size_t)length + 1, format, args);
        va_end(args);
    }
    buf->used_bytes += (size_t)length;
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}
