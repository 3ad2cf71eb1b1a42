/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/parse/cmcd.h"

#include <string.h>

/* One key of the list with its value. An empty value means true. */
struct item {
    const char *key, *value;
    size_t key_bytes, value_bytes;
};

enum field_type { FLAG, MILLISECONDS, KBPS, HUNDREDTHS, LETTER, TEXT };

static const struct {
    const char *key;
    enum field_type type;
    size_t offset;
} fields[] = {
    {"bs", FLAG, offsetof(struct cmcd, starved)},
    {"su", FLAG, offsetof(struct cmcd, startup)},
    {"bl", MILLISECONDS, offsetof(struct cmcd, buffer_ms)},
    {"dl", MILLISECONDS, offsetof(struct cmcd, deadline_ms)},
    {"d", MILLISECONDS, offsetof(struct cmcd, object_ms)},
    {"br", KBPS, offsetof(struct cmcd, encoded_bps)},
    {"tb", KBPS, offsetof(struct cmcd, top_bps)},
    {"mtp", KBPS, offsetof(struct cmcd, throughput_bps)},
    {"rtp", KBPS, offsetof(struct cmcd, requested_max_bps)},
    {"pr", HUNDREDTHS, offsetof(struct cmcd, rate_percent)},
    {"ot", LETTER, offsetof(struct cmcd, object)},
    {"sta", LETTER, offsetof(struct cmcd, state)},
    {"sid", TEXT, offsetof(struct cmcd, session)},
    {"cid", TEXT, offsetof(struct cmcd, content)},
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* Larger values are nonsense and are ignored. */
#define MAX_MS (24 * 3600 * 1000)
#define MAX_KBPS (100 * 1000 * 1000)

void cmcd_init(struct cmcd *cmcd)
{
    *cmcd = (struct cmcd){
        .buffer_ms = -1,
        .deadline_ms = -1,
        .object_ms = -1,
        .encoded_bps = -1,
        .top_bps = -1,
        .throughput_bps = -1,
        .requested_max_bps = -1,
        .rate_percent = -1,
    };
}

/* ---- the list ---- */

/* Finds the end of a value. A quoted string or an inner list may contain commas, which do not end
 * it. */
static const char *value_end(const char *at)
{
    bool quoted = false;
    int depth = 0;
    for (; *at && (quoted || depth > 0 || *at != ','); at++) {
        if (*at == '\\' && quoted && at[1])
            at++;
        else if (*at == '"')
            quoted = !quoted;
        else if (!quoted)
            depth += (*at == '(') - (*at == ')' && depth > 0);
    }
    return at;
}

/* Reads the next item and moves *text behind it. Returns false at the end of the list. */
static bool next_item(const char **text, struct item *out)
{
    const char *at = *text + strspn(*text, " \t,"), *end = value_end(at);
    if (!*at)
        return false;
    *out = (struct item){.key = at, .key_bytes = strcspn(at, "=,"), .value = end};
    if (at + out->key_bytes < end) {
        out->value = at + out->key_bytes + 1;
        out->value_bytes = (size_t)(end - out->value);
    }
    *text = end;
    while (out->value_bytes > 0 && strchr(" \t", out->value[out->value_bytes - 1]))
        out->value_bytes--;
    while (out->key_bytes > 0 && strchr(" \t", out->key[out->key_bytes - 1]))
        out->key_bytes--;
    return true;
}

/* ---- values ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads a decimal number, or the first number of an inner list, and returns it in hundredths.
 * Returns -1 if there is no valid number, or if it is larger than max, which is in whole units. */
static int64_t read_hundredths(const struct item *item, int64_t max)
{
    const char *at = item->value, *end = item->value + item->value_bytes;
    if (at < end && *at == '(')
        at++;
    if (at == end || !is_digit(*at))
        return -1;
    int64_t whole = 0;
    for (; at < end && is_digit(*at); at++) {
        whole = whole * 10 + (*at - '0');
        if (whole > max)
            return -1;
    }
    int64_t hundredths = whole * 100;
    if (at < end && *at == '.') {
        at++;
        /* Further decimal places are ignored. */
        for (int weight = 10; at < end && is_digit(*at); at++, weight /= 10)
            hundredths += (*at - '0') * weight;
    }
    if (at < end && !strchr("; )", *at))
        return -1;
    return hundredths <= max * 100 ? hundredths : -1;
}

/* Reads a token or a quoted string into out. Returns false if it is empty, is too long for out, or
 * contains bytes that are not printable ASCII. */
static bool read_text(const struct item *item, char *out, size_t out_bytes)
{
    const char *at = item->value, *end = item->value + item->value_bytes;
    bool quoted = at < end && *at == '"';
    size_t used = 0;
    for (at += quoted; at < end && !(quoted && *at == '"'); at++) {
        at += quoted && *at == '\\' && at + 1 < end;
        if (*at < 0x20 || *at > 0x7e || used + 1 >= out_bytes)
            return false;
        out[used++] = *at;
    }
    out[used] = '\0';
    return used > 0;
}

static void set_letter(char *field, const struct item *item)
{
    char text[8];
    if (read_text(item, text, sizeof(text)))
        *field = strcmp(text, "av") == 0 ? 'b' : text[0];
}

static void set_text(char *field, const struct item *item)
{
    char text[CMCD_TEXT_BYTES];
    if (read_text(item, text, sizeof(text)))
        memcpy(field, text, sizeof(text));
}

static void set_number(struct cmcd *cmcd, enum field_type type, size_t offset, int64_t hundredths)
{
    void *field = (char *)cmcd + offset;
    if (hundredths < 0)
        return;
    if (type == KBPS)
        *(int64_t *)field = hundredths * 10;
    else
        *(int32_t *)field = (int32_t)(type == HUNDREDTHS ? hundredths : hundredths / 100);
}

static void set_field(struct cmcd *cmcd, size_t n, const struct item *item)
{
    void *field = (char *)cmcd + fields[n].offset;
    switch (fields[n].type) {
    case FLAG:
        *(bool *)field = item->value_bytes == 0 || strncmp(item->value, "?1", 2) == 0;
        break;
    case MILLISECONDS:
        set_number(cmcd, fields[n].type, fields[n].offset, read_hundredths(item, MAX_MS));
        break;
    case KBPS:
        set_number(cmcd, fields[n].type, fields[n].offset, read_hundredths(item, MAX_KBPS));
        break;
    case HUNDREDTHS:
        set_number(cmcd, fields[n].type, fields[n].offset, read_hundredths(item, 100));
        break;
    case LETTER:
        set_letter(field, item);
        break;
    case TEXT:
        set_text(field, item);
        break;
    }
}

void cmcd_parse(struct cmcd *cmcd, const char *text)
{
    struct item item;
    while (next_item(&text, &item))
        for (size_t n = 0; n < FIELDS; n++)
            if (strlen(fields[n].key) == item.key_bytes &&
                memcmp(fields[n].key, item.key, item.key_bytes) == 0) {
                set_field(cmcd, n, &item);
                cmcd->said = true;
            }
}
