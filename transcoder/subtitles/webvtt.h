/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format"): cues into segments for HLS (RFC 8216,
 * 3.5), and the pieces of text that stand in them. Pure.
 */
#ifndef TRANSCODER_SUBTITLES_WEBVTT_H
#define TRANSCODER_SUBTITLES_WEBVTT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing text. All zeros is empty and ready; ends with webvtt_clear(). */
struct webvtt_text {
    char *bytes; /* not terminated */
    size_t used_bytes, room_bytes;
    bool failed; /* memory ran out: what was added last is missing */
};
void webvtt_clear(struct webvtt_text *text);

/* Plain UTF-8 as cue text: escapes "&", "<" and ">", so that nothing in it is markup or ends the
 * cue. */
void webvtt_add_plain(struct webvtt_text *out, const char *text, size_t text_bytes);
/* Markup of ours, as it stands. */
void webvtt_add_raw(struct webvtt_text *out, const char *text);

struct webvtt_cue {
    int64_t start_us, end_us; /* the lesson's time; end after start */
    const char *text;         /* cue text: escaped, without empty lines; the caller's */
};

/* What cues of one segment may take: no speech comes near it. From the first that doesn't fit on
 * they are left out. */
#define WEBVTT_SEGMENT_BYTES (64 * 1024)

/*
 * Adds the segment [from_us, until_us): the header, then each cue that is shown in it, with its
 * whole times, so that a cue stands alike in every segment that it touches (players then take it
 * for one). cues are sorted by their start. Never empty.
 */
void webvtt_add_segment(struct webvtt_text *out, const struct webvtt_cue *cues, size_t cue_count,
    int64_t from_us, int64_t until_us);

/* Adds one cue of a file that stands alone: times, text, an empty line. */
void webvtt_add_cue(struct webvtt_text *out, const struct webvtt_cue *cue);

#endif
