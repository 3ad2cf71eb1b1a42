/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/tags.h"

#include <iconv.h>
#include <libavutil/avstring.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define INPUT_BYTES 1024

/* Copies whole, valid characters; false if text isn't UTF-8. */
static bool copy_utf8(const char *text, size_t text_bytes, char *out, size_t out_bytes)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + text_bytes;
    size_t used = 0;
    while (at < end) {
        const uint8_t *start = at;
        int32_t code;
        if (av_utf8_decode(&code, &at, end, 0) < 0)
            return false;
        size_t length = (size_t)(at - start);
        if (used + length >= out_bytes)
            break;
        if (code < ' ' || code == 0x7f)
            out[used++] = ' ';
        else {
            memcpy(out + used, start, length);
            used += length;
        }
    }
    out[used] = '\0';
    return true;
}

static bool from_gb18030(char *text, size_t text_bytes, char *out, size_t out_bytes)
{
    char converted[INPUT_BYTES * 2];
    char *in = text, *to = converted;
    size_t in_left = text_bytes, to_left = sizeof(converted);
    iconv_t converter = iconv_open("UTF-8", "GB18030");
    if (converter == (iconv_t)-1)
        return false;
    size_t result = iconv(converter, &in, &in_left, &to, &to_left);
    iconv_close(converter);
    return result != (size_t)-1 && copy_utf8(converted, (size_t)(to - converted), out, out_bytes);
}

void tags_to_utf8(const char *text, char *out, size_t out_bytes)
{
    char bytes[INPUT_BYTES];
    size_t count = strnlen(text, sizeof(bytes) - 1);
    out[0] = '\0';
    if (copy_utf8(text, count, out, out_bytes))
        return;
    memcpy(bytes, text, count);
    if (!from_gb18030(bytes, count, out, out_bytes))
        out[0] = '\0';
}
