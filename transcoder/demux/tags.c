/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/demux/tags.h"

#include <libavutil/avstring.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "transcoder/text/gb18030.h"
#include "transcoder/text/utf8.h"

#define INPUT_BYTES 1024

/* Copies as many whole characters as fit. Control characters become spaces. Returns false if
 * text is not UTF-8. */
static bool copy_utf8(const char *text, size_t text_bytes, char *out, size_t out_bytes)
{
    size_t used = 0;
    for (size_t at = 0; at < text_bytes;) {
        size_t length = utf8_sequence(text + at, text_bytes - at);
        if (length == 0)
            return false;
        if (used + length >= out_bytes)
            break;
        memcpy(out + used, text + at, length);
        if (length == 1 && ((unsigned char)text[at] < ' ' || text[at] == 0x7f))
            out[used] = ' ';
        used += length;
        at += length;
    }
    out[used] = '\0';
    return true;
}

static bool from_gb18030(
    struct gb18030 *gb18030, const char *text, size_t text_bytes, char *out, size_t out_bytes)
{
    char converted[INPUT_BYTES * 2];
    long length = gb18030_to_utf8(gb18030, text, text_bytes, converted, sizeof(converted));
    return length >= 0 && copy_utf8(converted, (size_t)length, out, out_bytes);
}

/*
 * Undoes the mistake of reading GB2312 as Latin-1. Writes the original bytes if all characters are
 * Latin-1 and those above ASCII form pairs as in GB2312, at least two pairs.
 * Returns the number of bytes; 0 if the text does not look so. In real Latin-1 text accented
 * letters stand alone.
 */
static size_t latin1_pairs(const char *text, size_t text_bytes, char *bytes)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + text_bytes;
    size_t count = 0, high = 0, run = 0;
    while (at < end) {
        int32_t code;
        if (av_utf8_decode(&code, &at, end, AV_UTF8_FLAG_ACCEPT_ALL) < 0 || code > 0xff)
            return 0;
        bytes[count++] = (char)code;
        if (code >= 0xa1) {
            run++;
            high++;
        } else if (code >= 0x80 || run % 2 != 0) {
            return 0;
        } else {
            run = 0;
        }
    }
    return run % 2 == 0 && high >= 4 ? count : 0;
}

void tags_to_utf8(struct gb18030 *gb18030, const char *text, char *out, size_t out_bytes)
{
    char bytes[INPUT_BYTES];
    size_t count = strnlen(text, sizeof(bytes) - 1);
    out[0] = '\0';
    size_t pairs = latin1_pairs(text, count, bytes);
    if (pairs > 0 && from_gb18030(gb18030, bytes, pairs, out, out_bytes))
        return;
    if (copy_utf8(text, count, out, out_bytes))
        return;
    memcpy(bytes, text, count);
    if (!from_gb18030(gb18030, bytes, count, out, out_bytes))
        out[0] = '\0';
}

/* Languages that lessons are likely to have, by their codes in ISO 639 with three letters, and
 * their BCP 47 tags. Other codes, such as yue, are used as the tag. */
static const struct {
    char code[4], tag[4];
} languages[] = {
    {"chi", "zh"},
    {"zho", "zh"},
    {"cmn", "zh"},
    {"eng", "en"},
    {"jpn", "ja"},
    {"kor", "ko"},
    {"fra", "fr"},
    {"fre", "fr"},
    {"deu", "de"},
    {"ger", "de"},
    {"spa", "es"},
    {"por", "pt"},
    {"ita", "it"},
    {"rus", "ru"},
    {"ara", "ar"},
    {"vie", "vi"},
    {"tha", "th"},
    {"mya", "my"},
    {"bur", "my"},
    {"lao", "lo"},
    {"khm", "km"},
    {"ind", "id"},
    {"msa", "ms"},
    {"may", "ms"},
    {"hin", "hi"},
    {"nep", "ne"},
    {"bod", "bo"},
    {"tib", "bo"},
    {"uig", "ug"},
    {"mon", "mn"},
    {"kaz", "kk"},
    {"kir", "ky"},
    {"zha", "za"},
    {"iii", "ii"},
};

void tags_to_bcp47(const char *language, char *out, size_t out_bytes)
{
    char code[4] = "";
    size_t length = strcspn(language, "-_");
    out[0] = '\0';
    if (length < 2 || length > 3)
        return;
    for (size_t i = 0; i < length; i++) {
        code[i] = (char)av_tolower(language[i]);
        if (code[i] < 'a' || code[i] > 'z')
            return;
    }
    /* These codes name no language: undetermined, uncoded, multiple, no linguistic content. */
    if (av_match_list(code, "und,mis,mul,zxx", ','))
        return;
    const char *tag = code;
    for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
        if (strcmp(languages[i].code, code) == 0)
            tag = languages[i].tag;
    av_strlcpy(out, tag, out_bytes);
}
