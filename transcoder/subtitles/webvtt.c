/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/subtitles/webvtt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Local time 0 is media timestamp 0, because our cues have lesson times. */
#define SEGMENT_HEAD "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n"

void webvtt_clear(struct webvtt_text *text)
{
    free(text->bytes);
    *text = (struct webvtt_text){0};
}

static void add(struct webvtt_text *out, const char *bytes, size_t count)
{
    if (out->failed || count == 0)
        return;
    if (count > out->room_bytes - out->used_bytes) {
        size_t room = (out->used_bytes + count) * 2;
        char *larger = room > count ? realloc(out->bytes, room) : NULL;
        if (!larger) {
            out->failed = true;
            return;
        }
        out->bytes = larger;
        out->room_bytes = room;
    }
    memcpy(out->bytes + out->used_bytes, bytes, count);
    out->used_bytes += count;
}

void webvtt_add_raw(struct webvtt_text *out, const char *text)
{
    add(out, text, strlen(text));
}

void webvtt_add_plain(struct webvtt_text *out, const char *text, size_t text_bytes)
{
    for (size_t i = 0; i < text_bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '&')
            webvtt_add_raw(out, "&amp;");
        else if (c == '<')
            webvtt_add_raw(out, "&lt;");
        else if (c == '>')
            webvtt_add_raw(out, "&gt;");
        else if (c >= ' ' && c != 0x7f)
            add(out, text + i, 1);
        else if (c == '\t')
            add(out, " ", 1);
    }
}

/* Adds a time such as "00:00:05.000". Hours have at least two digits. */
static void add_time(struct webvtt_text *out, int64_t time_us)
{
    char text[48];
    int64_t ms = (time_us + 500) / 1000;
    snprintf(text, sizeof(text), "%02" PRId64 ":%02d:%02d.%03d", ms / 3600000,
        (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000));
    webvtt_add_raw(out, text);
}

void webvtt_add_cue(struct webvtt_text *out, const struct webvtt_cue *cue)
{
    add_time(out, cue->start_us);
    webvtt_add_raw(out, " --> ");
    add_time(out, cue->end_us);
    webvtt_add_raw(out, "\n");
    webvtt_add_raw(out, cue->text);
    webvtt_add_raw(out, "\n\n");
}

void webvtt_add_segment(struct webvtt_text *out, const struct webvtt_cue *cues, size_t cue_count,
    int64_t from_us, int64_t until_us)
{
    size_t max_bytes = out->used_bytes + WEBVTT_SEGMENT_BYTES;
    webvtt_add_raw(out, SEGMENT_HEAD);
    for (size_t i = 0; i < cue_count && cues[i].start_us < until_us; i++) {
        if (cues[i].end_us <= from_us)
            continue;
        /* The line with the times has at most 64 bytes. */
        if (out->used_bytes + strlen(cues[i].text) + 64 > max_bytes)
            break;
        webvtt_add_cue(out, &cues[i]);
    }
}
