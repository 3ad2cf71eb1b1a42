/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/ingest/metadata.h"

#include <iconv.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#define VALUE_BYTES 4096

static bool is_utf8(const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    while (at < end) {
        size_t follow = *at < 0x80                  ? 0
                        : *at >= 0xc2 && *at < 0xe0 ? 1
                        : *at >= 0xe0 && *at < 0xf0 ? 2
                        : *at >= 0xf0 && *at < 0xf5 ? 3
                                                    : 4;
        if (follow == 4 || (size_t)(end - at) <= follow)
            return false;
        /* Overlong forms, surrogates, beyond U+10FFFF (RFC 3629). */
        if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) ||
            (*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f))
            return false;
        for (size_t i = 1; i <= follow; i++)
            if ((at[i] & 0xc0) != 0x80)
                return false;
        at += follow + 1;
    }
    return true;
}

static int from_gb18030(const char *text, size_t length, char *out, size_t out_bytes)
{
    iconv_t converter = iconv_open("UTF-8", "GB18030");
    if (converter == (iconv_t)-1)
        return -1;
    char *in = (char *)text, *to = out;
    size_t in_left = length, to_left = out_bytes - 1;
    size_t result = iconv(converter, &in, &in_left, &to, &to_left);
    iconv_close(converter);
    *to = '\0';
    return result == (size_t)-1 ? -1 : 0;
}

/* base64 at [text, text + length) as clean UTF-8 into out. */
static int decode(const char *text, size_t length, char *out, size_t out_bytes)
{
    char raw[VALUE_BYTES], utf8[VALUE_BYTES * 2];
    size_t raw_bytes;
    const char *end;
    if (sodium_base642bin((unsigned char *)raw, sizeof(raw) - 1, text, length, NULL, &raw_bytes,
            &end, sodium_base64_VARIANT_ORIGINAL) < 0 ||
        end != text + length)
        return -1;
    raw[raw_bytes] = '\0';
    if (memchr(raw, '\0', raw_bytes))
        return -1;
    const char *clean = raw;
    if (!is_utf8(raw, raw_bytes)) {
        if (from_gb18030(raw, raw_bytes, utf8, sizeof(utf8)) < 0)
            return -1;
        clean = utf8;
    }
    size_t clean_bytes = strlen(clean);
    if (clean_bytes >= out_bytes)
        return -1;
    for (size_t i = 0; i <= clean_bytes; i++)
        out[i] = (clean[i] > 0 && clean[i] < ' ') || clean[i] == 0x7f ? ' ' : clean[i];
    return 0;
}

static void strip_folders(char *filename)
{
    char *name = filename;
    for (char *c = filename; *c; c++)
        if (*c == '/' || *c == '\\')
            name = c + 1;
    memmove(filename, name, strlen(name) + 1);
    if (!filename[0])
        memcpy(filename, "upload", 7);
}

static int take(
    struct metadata *m, const char *key, size_t key_length, const char *value, size_t value_length)
{
    const struct {
        const char *key;
        char *out;
        size_t out_bytes;
    } texts[] = {
        {"filename", m->filename, sizeof(m->filename)},
        {"title", m->title, sizeof(m->title)},
        {"topic", m->topic, sizeof(m->topic)},
        {"description", m->description, sizeof(m->description)},
        {"language", m->language, sizeof(m->language)},
    };
    char flag[8];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strlen(texts[i].key) == key_length && memcmp(texts[i].key, key, key_length) == 0)
            return decode(value, value_length, texts[i].out, texts[i].out_bytes);
    if (key_length == 7 && memcmp("publish", key, 7) == 0) {
        if (decode(value, value_length, flag, sizeof(flag)) < 0)
            return -1;
        m->publish = strcmp(flag, "1") == 0 || strcmp(flag, "true") == 0;
    }
    return 0;
}

int metadata_parse(const char *header, struct metadata *out)
{
    *out = (struct metadata){0};
    const char *at = header ? header : "";
    while (*at) {
        at += strspn(at, " \t,");
        size_t length = strcspn(at, ",");
        size_t key_length = strcspn(at, " ,");
        const char *value = at + key_length + (key_length < length ? 1 : 0);
        size_t value_length = (size_t)(at + length - value);
        while (
            value_length > 0 && (value[value_length - 1] == ' ' || value[value_length - 1] == '\t'))
            value_length--;
        if (length > 0 && (key_length == 0 || take(out, at, key_length, value, value_length) < 0))
            return -1;
        at += length;
    }
    strip_folders(out->filename);
    return 0;
}
