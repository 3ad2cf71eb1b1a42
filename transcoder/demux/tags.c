/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/demux/tags.h"

#include <iconv.h>
#include <libavutil/avstring.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_BYTES 1024
/* Strict: with surrogates in its title a lesson can't be told about in JSON. */
#define UTF8_FLAGS AV_UTF8_FLAG_ACCEPT_NON_CHARACTERS

struct tags {
    iconv_t gb18030;
};

int tags_open(struct tags **out)
{
    *out = malloc(sizeof(**out));
    if (!*out)
        return -1;
    (*out)->gb18030 = iconv_open("UTF-8", "GB18030");
    if ((*out)->gb18030 != (iconv_t)-1)
        return 0;
    free(*out);
    *out = NULL;
    return -1;
}

void tags_close(struct tags **tags)
{
    if (!*tags)
        return;
    iconv_close((*tags)->gb18030);
    free(*tags);
    *tags = NULL;
}

/* Copies whole, valid characters; false if text isn't UTF-8. */
static bool copy_utf8(const char *text, size_t text_bytes, char *out, size_t out_bytes)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + text_bytes;
    size_t used = 0;
    while (at < end) {
        const uint8_t *start = at;
        int32_t code;
        if (av_utf8_decode(&code, &at, end, UTF8_FLAGS) < 0)
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

static bool from_gb18030(
    struct tags *tags, char *text, size_t text_bytes, char *out, size_t out_bytes)
{
    char converted[INPUT_BYTES * 2];
    char *in = text, *to = converted;
    size_t in_left = text_bytes, to_left = sizeof(converted);
    iconv(tags->gb18030, NULL, NULL, NULL, NULL);
    size_t result = iconv(tags->gb18030, &in, &in_left, &to, &to_left);
    return result != (size_t)-1 && copy_utf8(converted, (size_t)(to - converted), out, out_bytes);
}

/*
 * Undoes "GB2312 read as Latin-1": the bytes that the characters stand for, if all of them are
 * Latin-1 and those above ASCII come in GB2312's pairs, at least two of them. Returns their number,
 * 0 if it is nothing of the kind: accented letters of real Latin-1 stand alone.
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

void tags_to_utf8(struct tags *tags, const char *text, char *out, size_t out_bytes)
{
    char bytes[INPUT_BYTES];
    size_t count = strnlen(text, sizeof(bytes) - 1);
    out[0] = '\0';
    size_t pairs = latin1_pairs(text, count, bytes);
    if (pairs > 0 && from_gb18030(tags, bytes, pairs, out, out_bytes))
        return;
    if (copy_utf8(text, count, out, out_bytes))
        return;
    memcpy(bytes, text, count);
    if (!from_gb18030(tags, bytes, count, out, out_bytes))
        out[0] = '\0';
}

bool tags_is_utf8(const char *text, size_t text_bytes)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + text_bytes;
    int32_t code;
    while (at < end)
        if (av_utf8_decode(&code, &at, end, UTF8_FLAGS) < 0)
            return false;
    return true;
}

long tags_from_gb18030(
    struct tags *tags, const char *text, size_t text_bytes, char *out, size_t out_bytes)
{
    char *in = (char *)(uintptr_t)text, *to = out;
    size_t in_left = text_bytes, to_left = out_bytes;
    iconv(tags->gb18030, NULL, NULL, NULL, NULL);
    size_t result = iconv(tags->gb18030, &in, &in_left, &to, &to_left);
    return result == (size_t)-1 ? -1 : (long)(to - out);
}

/* The languages of our lessons whose ISO 639-2 code is not their BCP 47 tag; others, such as yue,
 * are alike in both. */
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
    /* "und"etermined, "mis"sing, "mul"tiple, and Apple's "zxx": no language to choose by. */
    if (av_match_list(code, "und,mis,mul,zxx", ','))
        return;
    const char *tag = code;
    for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
        if (strcmp(languages[i].code, code) == 0)
            tag = languages[i].tag;
    av_strlcpy(out, tag, out_bytes);
}
