/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/hls/download_name.h"

#include <ctype.h>
#include <string.h>

enum { MAX_BYTES = 150 };

/* Control bytes, and bytes that Windows does not allow in file names. Its rules are the
 * strictest. */
static bool is_refused(unsigned char c)
{
    return c < 0x20 || c == 0x7F || strchr("\\/:*?\"<>|", c);
}

/* A character that needs no escape in an extended value (attr-char of RFC 8187). */
static bool stands_for_itself(unsigned char c)
{
    return c < 0x80 && (isalnum(c) || strchr("!#$&+-.^_`|~", c));
}

/* Returns how many bytes of the title are used: whole characters, without spaces and dots at the
 * end. */
static size_t used_bytes(const char *title)
{
    size_t bytes = strlen(title);
    if (bytes > MAX_BYTES)
        for (bytes = MAX_BYTES; bytes > 0 && ((unsigned char)title[bytes] & 0xC0) == 0x80;)
            bytes--;
    while (bytes > 0 && (title[bytes - 1] == ' ' || title[bytes - 1] == '.'))
        bytes--;
    return bytes;
}

static void add_encoded(struct buf *out, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_refused(c))
            c = '_';
        if (stands_for_itself(c))
            buf_add(out, &c, 1);
        else
            buf_addf(out, "%%%02X", c);
    }
}

void download_name_write(struct buf *out, const char *title, const char *plain, const char *suffix)
{
    size_t bytes = used_bytes(title);
    buf_addf(out, "attachment; filename=\"%s%s\"", plain, suffix);
    if (bytes == 0)
        return;
    buf_add_text(out, "; filename*=UTF-8''");
    add_encoded(out, title, bytes);
    add_encoded(out, suffix, strlen(suffix));
}
