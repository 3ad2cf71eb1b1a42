/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/ingest/metadata.h"

#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "transcoder/text/gb18030.h"
#include "transcoder/text/utf8.h"

#define VALUE_BYTES 4096

static int from_gb18030(const char *text, size_t length, char *out, size_t out_bytes)
{
    struct gb18030 *converter;
    if (gb18030_open(&converter) < 0)
        return -1;
    long converted = gb18030_to_utf8(converter, text, length, out, out_bytes - 1);
    gb18030_close(&converter);
    out[converted > 0 ? converted : 0] = '\0';
    return converted < 0 ? -1 : 0;
}

/* Decodes base64 into out as UTF-8. Control characters become spaces. Returns 0; or -1 if the value
 * is malformed, too long or in neither encoding. */
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
    if (!utf8_valid(raw, raw_bytes)) {
        if (from_gb18030(raw, raw_bytes, utf8, sizeof(utf8)) < 0)
            return -1;
        clean = utf8;
    }
    size_t clean_bytes = strlen(clean);
    if (clean_bytes >= out_bytes)
        return -1;
    memcpy(out, clean, clean_bytes + 1);
    utf8_clean(out);
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
