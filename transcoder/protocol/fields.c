/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/protocol/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fields_begin(struct field_writer *out, char *buffer, size_t buffer_bytes)
{
    *out = (struct field_writer){.at = buffer, .room_bytes = buffer_bytes};
    if (buffer_bytes > 0)
        buffer[0] = '\0';
    else
        out->full = true;
}

static void put(struct field_writer *out, const char *bytes, size_t count)
{
    if (out->full || count >= out->room_bytes) {
        out->full = true;
        return;
    }
    memcpy(out->at, bytes, count);
    out->at += count;
    *out->at = '\0';
    out->room_bytes -= count;
    out->length_bytes += count;
}

void fields_add_int(struct field_writer *out, const char *key, int64_t value)
{
    char line[FIELD_KEY_BYTES + 32];
    int length = snprintf(line, sizeof(line), "%s %" PRId64 "\n", key, value);
    put(out, line, (size_t)length);
}

void fields_add_string(struct field_writer *out, const char *key, const char *value)
{
    put(out, key, strlen(key));
    put(out, " ", 1);
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        if (*c <= ' ' || *c == '%' || *c == 0x7f) {
            char escaped[4];
            snprintf(escaped, sizeof(escaped), "%%%02X", *c);
            put(out, escaped, 3);
        } else {
            put(out, (const char *)c, 1);
        }
    }
    put(out, "\n", 1);
}

void fields_add_line(struct field_writer *out, const char *line)
{
    size_t length = strlen(line);
    put(out, line, length);
    if (length == 0 || line[length - 1] != '\n')
        put(out, "\n", 1);
}

int fields_end(const struct field_writer *out)
{
    return out->full || out->length_bytes > INT32_MAX ? -1 : (int)out->length_bytes;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Removes the percent-escapes from value[0, length) and writes the result to out. Returns -1 if
 * the value is malformed, is too long for out, or contains an escaped NUL. */
static int unescape(const char *value, size_t length, char *out, size_t out_bytes)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c <= ' ' || c == 0x7f)
            return -1;
        if (c == '%') {
            int high = i + 2 < length ? hex_digit(value[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(value[i + 2]) : -1;
            if (low < 0 || (high == 0 && low == 0))
                return -1;
            c = (unsigned char)(high * 16 + low);
            i += 2;
        }
        if (used + 1 >= out_bytes)
            return -1;
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return 0;
}

int fields_next(struct field_reader *in, struct field_pair *pair)
{
    if (in->at >= in->end)
        return 0;
    const char *line_end = memchr(in->at, '\n', (size_t)(in->end - in->at));
    if (!line_end)
        return -1;
    const char *space = memchr(in->at, ' ', (size_t)(line_end - in->at));
    const char *key_end = space ? space : line_end;
    size_t key_length = (size_t)(key_end - in->at);
    if (key_length == 0 || key_length >= sizeof(pair->key) || memchr(in->at, '\0', key_length))
        return -1;
    memcpy(pair->key, in->at, key_length);
    pair->key[key_length] = '\0';
    pair->value[0] = '\0';
    if (space &&
        unescape(space + 1, (size_t)(line_end - space - 1), pair->value, sizeof(pair->value)) < 0)
        return -1;
    in->at = line_end + 1;
    return 1;
}

void fields_write(
    struct field_writer *out, const void *object, const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *member = (const char *)object + fields[i].offset;
        switch (fields[i].type) {
        case FIELD_INT:
            fields_add_int(out, fields[i].key, *(const int *)(const void *)member);
            break;
        case FIELD_INT64:
            fields_add_int(out, fields[i].key, *(const int64_t *)(const void *)member);
            break;
        case FIELD_BOOL:
            fields_add_int(out, fields[i].key, *(const bool *)(const void *)member);
            break;
        case FIELD_STRING:
            fields_add_string(out, fields[i].key, member);
            break;
        }
    }
}

int fields_parse_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
    bool digit_first =
        text[0] == '-' ? text[1] >= '0' && text[1] <= '9' : text[0] >= '0' && text[0] <= '9';
    if (!digit_first)
        return -1;
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || *end || value < min || value > max)
        return -1;
    *out = value;
    return 0;
}

static int read_string(char *member, size_t size_bytes, const char *value)
{
    size_t length = strlen(value);
    if (length >= size_bytes)
        return -1;
    memcpy(member, value, length + 1);
    return 1;
}

int fields_read(
    void *object, const struct field *fields, size_t count, const struct field_pair *pair)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].key, pair->key) != 0)
            continue;
        char *member = (char *)object + fields[i].offset;
        if (fields[i].type == FIELD_STRING)
            return read_string(member, fields[i].size_bytes, pair->value);
        int64_t number;
        if (fields_parse_int(pair->value, fields[i].min, fields[i].max, &number) < 0)
            return -1;
        if (fields[i].type == FIELD_INT)
            *(int *)(void *)member = (int)number;
        else if (fields[i].type == FIELD_INT64)
            *(int64_t *)(void *)member = number;
        else
            *(bool *)(void *)member = number != 0;
        return 1;
    }
    return 0;
}
