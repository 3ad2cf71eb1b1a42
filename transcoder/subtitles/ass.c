/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/subtitles/ass.h"

#include <string.h>

/* Before the text of an event there are so many fields. */
#define FIELDS 8
/* What ends a run of plain text: what has a meaning of its own, spaces, and control characters. */
#define STOPS                                                                                      \
    "{\\ \x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17"   \
    "\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f"

enum style { ITALIC = 1, BOLD = 2 };

/* The cue as far as it was written. Spaces and tags wait until a letter follows, so that none stand
 * at a line's end. */
struct cue {
    struct webvtt_text *out;
    unsigned wanted, open; /* enum style */
    unsigned opened[2];    /* the open ones in their order: tags nest */
    int depth;
    bool drawing; /* \p1: coordinates, not words */
    bool begun, line_begun;
    int spaces; /* waiting */
};

/* Closes what is open and not wanted, and what was opened inside of that. */
static void close_tags(struct cue *cue, unsigned wanted)
{
    while (cue->open & ~wanted) {
        unsigned style = cue->opened[--cue->depth];
        webvtt_add_raw(cue->out, style == ITALIC ? "</i>" : "</b>");
        cue->open &= ~style;
    }
}

static void open_tags(struct cue *cue)
{
    for (unsigned style = ITALIC; style <= BOLD; style <<= 1) {
        if (!(cue->wanted & style) || (cue->open & style))
            continue;
        webvtt_add_raw(cue->out, style == ITALIC ? "<i>" : "<b>");
        cue->opened[cue->depth++] = style;
        cue->open |= style;
    }
}

static void put_text(struct cue *cue, const char *text, size_t bytes)
{
    close_tags(cue, cue->wanted);
    if (!cue->line_begun && cue->begun)
        webvtt_add_raw(cue->out, "\n");
    for (; cue->spaces > 0; cue->spaces--)
        webvtt_add_raw(cue->out, " ");
    open_tags(cue);
    cue->begun = cue->line_begun = true;
    webvtt_add_plain(cue->out, text, bytes);
}

static void put_space(struct cue *cue)
{
    /* Many in a row are somebody's layout. */
    if (cue->line_begun && cue->spaces < 2)
        cue->spaces++;
}

static void put_break(struct cue *cue)
{
    cue->line_begun = false;
    cue->spaces = 0;
}

/* One override of a block, after its backslash: "i1", "b700", "p1", "r". */
static void take_override(struct cue *cue, const char *tag, size_t bytes)
{
    if (bytes == 0)
        return;
    bool digits = bytes == 1 || (tag[1] >= '0' && tag[1] <= '9');
    bool on = bytes > 1 && tag[1] != '0';
    unsigned style = tag[0] == 'i' ? ITALIC : tag[0] == 'b' ? BOLD : 0;
    if (tag[0] == 'r')
        cue->wanted = 0;
    else if (tag[0] == 'p' && digits)
        cue->drawing = on;
    else if (style && digits)
        cue->wanted = on ? cue->wanted | style : cue->wanted & ~style;
}

/* A block of overrides "{\i1\pos(3,4)}". Returns what comes after it; an open one runs to the end.
 */
static const char *take_block(struct cue *cue, const char *at)
{
    const char *end = strchr(at, '}');
    size_t bytes = end ? (size_t)(end - at) : strlen(at);
    const char *stop = at + bytes;
    while ((at = memchr(at, '\\', (size_t)(stop - at)))) {
        at++;
        size_t length = 0;
        while (at + length < stop && at[length] != '\\')
            length++;
        take_override(cue, at, length);
        at += length;
    }
    return end ? end + 1 : stop;
}

/* "\N" and its like. Returns what comes after it. */
static const char *take_escape(struct cue *cue, const char *at)
{
    switch (at[1]) {
    case 'N':
    case 'n':
        put_break(cue);
        return at + 2;
    case 'h':
        put_space(cue);
        return at + 2;
    case '{':
    case '}':
    case '\\':
        /* So libavcodec writes these characters where they are meant. */
        if (!cue->drawing)
            put_text(cue, at + 1, 1);
        return at + 2;
    default:
        if (!cue->drawing)
            put_text(cue, at, 1);
        return at + 1;
    }
}

static const char *skip_fields(const char *event)
{
    for (int field = 0; field < FIELDS && event; field++) {
        event = strchr(event, ',');
        event = event ? event + 1 : NULL;
    }
    return event;
}

bool ass_to_cue(const char *event, struct webvtt_text *out)
{
    struct cue cue = {.out = out};
    const char *at = skip_fields(event);
    while (at && *at) {
        if (*at == '{') {
            at = take_block(&cue, at + 1);
        } else if (*at == '\\') {
            at = take_escape(&cue, at);
        } else if (*at == '\n' || *at == '\r') {
            put_break(&cue);
            at++;
        } else if (*at == ' ' || *at == '\t') {
            put_space(&cue);
            at++;
        } else {
            size_t bytes = strcspn(at, STOPS);
            if (bytes == 0)
                bytes = 1; /* a control character: nothing to read */
            else if (!cue.drawing)
                put_text(&cue, at, bytes);
            at += bytes;
        }
    }
    close_tags(&cue, 0);
    return cue.begun;
}
