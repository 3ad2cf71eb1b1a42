/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/text/utf8.h"

#include <string.h>

/* Returns the length that the first byte of a sequence announces; 0: it can't be a first byte. */
static size_t announced_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t utf8_sequence(const char *text, size_t text_bytes)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (text_bytes == 0)
        return 0;
    size_t length = announced_length(bytes[0]);
    if (length == 0 || length > text_bytes)
        return 0;
    /* These bounds on the second byte exclude overlong forms, surrogates, and points beyond
     * U+10FFFF (RFC 3629 section 4). */
    unsigned char min = bytes[0] == 0xe0 ? 0xa0 : bytes[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char max = bytes[0] == 0xed ? 0x9f : bytes[0] == 0xf4 ? 0x8f : 0xbf;
    for (size_t i = 1; i < length; i++) {
        if (bytes[i] < min || bytes[i] > max)
            return 0;
        min = 0x80;
        max = 0xbf;
    }
    return length;
}

bool utf8_valid(const char *text, size_t text_bytes)
{
    for (size_t at = 0; at < text_bytes;) {
        size_t length = utf8_sequence(text + at, text_bytes - at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

size_t utf8_control(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    if (*at == '\0')
        return 0;
    if (*at < 0x20 || *at == 0x7f)
        return 1;
    if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
        return 2;
    bool turns = at[0] == 0xe2 && ((at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae) ||
                                      (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
    return turns ? 3 : 0;
}

bool utf8_has_controls(const char *text, bool lines)
{
    for (; *text; text++)
        if (utf8_control(text) > 0 && !(lines && strchr("\t\r\n", *text)))
            return true;
    return false;
}

void utf8_clean(char *text)
{
    char *to = text;
    size_t left_bytes = strlen(text);
    while (left_bytes > 0) {
        size_t control = utf8_control(text), length = utf8_sequence(text, left_bytes), used = 1;
        if (control > 0) {
            *to++ = ' ';
            used = control;
        } else if (length == 0) {
            *to++ = '?';
        } else {
            memmove(to, text, length);
            to += length;
            used = length;
        }
        text += used;
        left_bytes -= used;
    }
    *to = '\0';
}

size_t utf8_count(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}
