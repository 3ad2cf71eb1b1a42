/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/protocol/message.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "transcoder/text/utf8.h"

#define SEGMENT_BYTES 20
#define MAX_NUMBER 1000000 /* of a chunk */

/* ---- writing ---- */

struct writer {
    uint8_t *at;
    size_t room_bytes;
    bool full;
};

static void put_bytes(struct writer *w, const void *bytes, size_t count)
{
    if (w->full || count > w->room_bytes) {
        w->full = true;
        return;
    }
    if (count > 0)
        memcpy(w->at, bytes, count);
    w->at += count;
    w->room_bytes -= count;
}

static void put_number(struct writer *w, uint64_t value, size_t bytes)
{
    uint8_t little[8];
    for (size_t i = 0; i < bytes; i++)
        little[i] = (uint8_t)(value >> (8 * i));
    put_bytes(w, little, bytes);
}

static void put_u32(struct writer *w, uint32_t value)
{
    put_number(w, value, 4);
}

static void put_i64(struct writer *w, int64_t value)
{
    put_number(w, (uint64_t)value, 8);
}

static void put_string(struct writer *w, const char *text)
{
    put_u32(w, (uint32_t)strlen(text));
    put_bytes(w, text, strlen(text));
}

static void put_info(struct writer *w, const struct media_info *info)
{
    char *text = malloc(MEDIA_INFO_TEXT_BYTES);
    if (!text || media_info_format(info, text, MEDIA_INFO_TEXT_BYTES) < 0)
        w->full = true;
    else
        put_string(w, text);
    free(text);
}

static void put_payload(struct writer *w, const struct message *m)
{
    switch (m->type) {
    case MESSAGE_PROGRESS:
        put_u32(w, (uint32_t)m->permille);
        break;
    case MESSAGE_PROBED:
        put_info(w, &m->info);
        put_i64(w, m->remuxed_bytes);
        break;
    case MESSAGE_INIT:
        put_string(w, m->rendition);
        put_i64(w, m->bytes);
        put_string(w, m->sha256);
        put_string(w, m->codecs);
        break;
    case MESSAGE_CHUNK:
        put_string(w, m->rendition);
        put_u32(w, (uint32_t)m->chunk);
        put_i64(w, m->bytes);
        put_string(w, m->sha256);
        put_u32(w, (uint32_t)m->segment_count);
        for (size_t i = 0; i < m->segment_count; i++) {
            put_i64(w, m->segments[i].offset_bytes);
            put_u32(w, (uint32_t)m->segments[i].length_bytes);
            put_u32(w, (uint32_t)m->segments[i].duration_ticks);
            put_u32(w, (uint32_t)m->segments[i].iframe_bytes);
        }
        break;
    case MESSAGE_FAILED:
        put_string(w, reason_name(m->reason));
        put_string(w, m->detail);
        break;
    case MESSAGE_STORYBOARD:
        put_u32(w, (uint32_t)m->sheets);
        break;
    case MESSAGE_FILE:
        put_u32(w, m->request);
        put_u32(w, m->file.kind);
        put_string(w, m->file.rendition);
        put_u32(w, (uint32_t)m->file.number);
        break;
    case MESSAGE_POSTER:
    case MESSAGE_DONE:
        break;
    }
}

int message_encode(const struct message *message, uint8_t **out, size_t *out_bytes)
{
    if (message->type == MESSAGE_CHUNK && message->segment_count > MESSAGE_MAX_SEGMENTS)
        return -1;
    size_t room = MESSAGE_HEADER_BYTES + 1024 + 2 * MEDIA_INFO_TEXT_BYTES +
                  message->segment_count * SEGMENT_BYTES;
    uint8_t *buffer = malloc(room);
    if (!buffer)
        return -1;
    struct writer w = {buffer + MESSAGE_HEADER_BYTES, room - MESSAGE_HEADER_BYTES, false};
    put_payload(&w, message);
    size_t payload = (size_t)(w.at - buffer) - MESSAGE_HEADER_BYTES;
    if (w.full || payload > MESSAGE_MAX_BYTES) {
        free(buffer);
        return -1;
    }
    struct writer header = {buffer, MESSAGE_HEADER_BYTES, false};
    put_u32(&header, message->type);
    put_u32(&header, (uint32_t)payload);
    *out = buffer;
    *out_bytes = MESSAGE_HEADER_BYTES + payload;
    return 0;
}

/* ---- reading ---- */

struct reader {
    const uint8_t *at;
    size_t left_bytes;
    bool bad;
};

static uint64_t take_number(struct reader *r, size_t bytes)
{
    if (r->bad || bytes > r->left_bytes) {
        r->bad = true;
        return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)r->at[i] << (8 * i);
    r->at += bytes;
    r->left_bytes -= bytes;
    return value;
}

/* Reads a number. Marks the message as bad if the number is outside [0, max]. */
static int64_t take_bounded(struct reader *r, size_t bytes, int64_t max)
{
    uint64_t value = take_number(r, bytes);
    if (value > (uint64_t)max) {
        r->bad = true;
        return 0;
    }
    return (int64_t)value;
}

/* Reads a string into out. Marks the message as bad if the string contains a NUL or is too long. */
static void take_string(struct reader *r, char *out, size_t out_bytes)
{
    size_t length = (size_t)take_bounded(r, 4, (int64_t)out_bytes - 1);
    if (r->bad || length > r->left_bytes || (length > 0 && memchr(r->at, '\0', length))) {
        r->bad = true;
        return;
    }
    if (length > 0)
        memcpy(out, r->at, length);
    out[length] = '\0';
    r->at += length;
    r->left_bytes -= length;
}

static void take_sha256(struct reader *r, char *out)
{
    take_string(r, out, 65);
    if (strspn(out, "0123456789abcdef") != 64)
        r->bad = true;
}

/* Reads a text for people, and cleans it: it goes into logs and lists. */
static void take_text(struct reader *r, char *out, size_t out_bytes)
{
    take_string(r, out, out_bytes);
    utf8_clean(out);
}

/* Whether a text is a name in the sense of RFC 6381 (codecs) or of BCP 47 (languages). Both go into
 * playlists. */
static bool is_name(const char *text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
    return text[strspn(text, allowed)] == '\0';
}

/* Cleans what the media say about themselves. */
static bool check_info(struct media_info *info)
{
    bool right = true;
    utf8_clean(info->title);
    utf8_clean(info->container);
    utf8_clean(info->video_codec);
    utf8_clean(info->unused_detail);
    for (int i = 0; i < info->audio_count; i++) {
        utf8_clean(info->audio[i].codec);
        right = right && is_name(info->audio[i].language);
    }
    for (int i = 0; i < info->text_count; i++) {
        utf8_clean(info->text[i].codec);
        right = right && is_name(info->text[i].language);
    }
    return right;
}

static void take_info(struct reader *r, struct media_info *info)
{
    size_t length = (size_t)take_bounded(r, 4, MEDIA_INFO_TEXT_BYTES);
    if (r->bad || length > r->left_bytes ||
        media_info_parse((const char *)r->at, length, info) < 0 || !check_info(info)) {
        r->bad = true;
        return;
    }
    r->at += length;
    r->left_bytes -= length;
}

static void take_segments(struct reader *r, struct message *m)
{
    size_t count = (size_t)take_bounded(r, 4, MESSAGE_MAX_SEGMENTS);
    if (r->bad || count == 0 || count * SEGMENT_BYTES > r->left_bytes) {
        r->bad = true;
        return;
    }
    m->segments = calloc(count, sizeof(m->segments[0]));
    if (!m->segments) {
        r->bad = true;
        return;
    }
    m->segment_count = count;
    int64_t expected_offset = 0;
    for (size_t i = 0; i < count; i++) {
        struct message_segment *s = &m->segments[i];
        s->offset_bytes = take_bounded(r, 8, m->bytes);
        s->length_bytes = (int32_t)take_bounded(r, 4, INT32_MAX);
        s->duration_ticks = (int32_t)take_bounded(r, 4, INT32_MAX);
        s->iframe_bytes = (int32_t)take_bounded(r, 4, s->length_bytes);
        /* Segments follow one another without gaps and fill the chunk. */
        if (s->offset_bytes != expected_offset || s->length_bytes == 0 || s->duration_ticks == 0)
            r->bad = true;
        expected_offset += s->length_bytes;
    }
    if (expected_offset != m->bytes)
        r->bad = true;
}

static void take_file(struct reader *r, struct message *m)
{
    m->request = (enum message_request)take_bounded(r, 4, MESSAGE_REQUEST_READ);
    m->file.kind = (enum job_file_kind)take_bounded(r, 4, JOB_FILE_REMUXED);
    take_string(r, m->file.rendition, sizeof(m->file.rendition));
    m->file.number = (int)take_bounded(r, 4, MAX_NUMBER);
    if (m->request < MESSAGE_REQUEST_CREATE || m->file.kind < JOB_FILE_INIT)
        r->bad = true;
}

static void take_payload(struct reader *r, struct message *m)
{
    char name[64] = "";
    switch (m->type) {
    case MESSAGE_PROGRESS:
        m->permille = (int)take_bounded(r, 4, 1000);
        break;
    case MESSAGE_PROBED:
        take_info(r, &m->info);
        m->remuxed_bytes = take_bounded(r, 8, INT64_MAX);
        break;
    case MESSAGE_INIT:
        take_string(r, m->rendition, sizeof(m->rendition));
        m->bytes = take_bounded(r, 8, MESSAGE_MAX_BYTES);
        take_sha256(r, m->sha256);
        take_string(r, m->codecs, sizeof(m->codecs));
        r->bad = r->bad || !is_name(m->codecs);
        break;
    case MESSAGE_CHUNK:
        take_string(r, m->rendition, sizeof(m->rendition));
        m->chunk = (int)take_bounded(r, 4, MAX_NUMBER);
        m->bytes = take_bounded(r, 8, INT64_MAX);
        take_sha256(r, m->sha256);
        take_segments(r, m);
        break;
    case MESSAGE_FAILED:
        take_string(r, name, sizeof(name));
        m->reason = reason_parse(name);
        take_text(r, m->detail, sizeof(m->detail));
        break;
    case MESSAGE_STORYBOARD:
        m->sheets = (int)take_bounded(r, 4, MESSAGE_MAX_SHEETS);
        if (m->sheets == 0)
            r->bad = true;
        break;
    case MESSAGE_FILE:
        take_file(r, m);
        break;
    case MESSAGE_POSTER:
    case MESSAGE_DONE:
        break;
    }
}

long message_decode(const uint8_t *data, size_t data_bytes, struct message *out)
{
    *out = (struct message){0};
    if (data_bytes < MESSAGE_HEADER_BYTES)
        return 0;
    struct reader header = {data, MESSAGE_HEADER_BYTES, false};
    uint32_t type = (uint32_t)take_number(&header, 4), length = (uint32_t)take_number(&header, 4);
    if (type < MESSAGE_PROGRESS || type > MESSAGE_FILE || length > MESSAGE_MAX_BYTES)
        return -1;
    if (data_bytes - MESSAGE_HEADER_BYTES < length)
        return 0;
    out->type = (enum message_type)type;
    struct reader r = {data + MESSAGE_HEADER_BYTES, length, false};
    take_payload(&r, out);
    if (r.bad || r.left_bytes != 0) {
        message_clear(out);
        return -1;
    }
    return MESSAGE_HEADER_BYTES + (long)length;
}

void message_clear(struct message *message)
{
    free(message->segments);
    message->segments = NULL;
    message->segment_count = 0;
}
