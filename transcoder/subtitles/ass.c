/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/subtitles/ass.h"

#include <string.h>

/* Number of fields before the text of an event. */
#define FIELDS 8
/* Characters that end a run of plain text: special characters, spaces and control characters. */
#define STOPS                                                                                      \
    "{\\ \x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17"   \
    "\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f"

enum style { ITALIC = 1, BOLD = 2 };

/* The state of the cue. Spaces and tags wait until more text follows. So no line ends with
 * spaces, and no tags enclose nothing. */
struct cue {
    struct webvtt_text *out;
    unsigned wanted, open; /* sets of enum style */
    unsigned opened[2];    /* the open styles in their order, because tags nest */
    int depth;
    bool drawing; /* \p1: the text is coordinates, not words */
    bool begun, line_begun;
    int spaces; /* number of waiting spaces */
};

/* Closes the open tags that are not wanted, and those that were opened inside them. */
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
    /* Three or more spaces in a row are used for layout, and become two. */
    if (cue->line_begun && cue->spaces < 2)
        cue->spaces++;
}

static void put_break(struct cue *cue)
{
    cue->line_begun = false;
    cue->spaces = 0;
}

/* Handles one override of a block, without its backslash: "i1", "b700", "p1", "r". */
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

/* Handles a block of overrides such as "{\i1\pos(3,4)}". Returns the text after the block. A
 * block without an end runs to the end of the text. */
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

/* Handles an escape such as "\N". Returns the text after the escape. */
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
        /* libavcodec escapes these characters in this way. */
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
                bytes = 1; /* a control character is skipped */
            else if (!cue.drawing)
                put_text(&cue, at, bytes);
            at += bytes;
        }
    }
    close_tags(&cue, 0);
    return cue.begun;
}
