/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format"): segments of cues for HLS (RFC
 * 8216, 3.5), and the text of cues. Pure. */
#ifndef TRANSCODER_SUBTITLES_WEBVTT_H
#define TRANSCODER_SUBTITLES_WEBVTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing text. Zeroed, it is empty and ready. The owner ends with webvtt_clear(). */
struct webvtt_text {
    char *bytes; /* not terminated */
    size_t used_bytes, room_bytes;
    bool failed; /* memory ran out, and the latest additions are missing */
};
/* Frees the text and zeroes *text. */
void webvtt_clear(struct webvtt_text *text);

/* Adds plain UTF-8 as cue text. Escapes "&", "<" and ">", so that the text contains no markup.
 * Tabs become spaces, and other control characters are removed, so that it cannot end the cue. */
void webvtt_add_plain(struct webvtt_text *out, const char *text, size_t text_bytes);
/* Adds our own markup without escaping it. */
void webvtt_add_raw(struct webvtt_text *out, const char *text);

struct webvtt_cue {
    int64_t start_us, end_us; /* lesson time; the end is after the start */
    const char *text;         /* cue text: escaped, without empty lines; stays the caller's */
};

/* Limit of the cues of one segment; real speech never reaches it. The first cue that does not
 * fit is left out, and so are all later ones. */
#define WEBVTT_SEGMENT_BYTES (64 * 1024)

/* Adds the segment [from_us, until_us): the header, then each cue that is shown in it. A cue
 * keeps its full times, so it is the same in every segment that it touches, and players take it
 * for one cue. cues must be sorted by start. A segment is never empty. */
void webvtt_add_segment(struct webvtt_text *out, const struct webvtt_cue *cues, size_t cue_count,
    int64_t from_us, int64_t until_us);

/* Adds one cue: times, text, an empty line. To be called directly for a file without segments. */
void webvtt_add_cue(struct webvtt_text *out, const struct webvtt_cue *cue);

#endif
