/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Converts one event of Advanced SubStation Alpha (ASS) to WebVTT cue text. The subtitle
 * decoders of libavcodec return all text formats as ASS. Pure. */
#ifndef TRANSCODER_SUBTITLES_ASS_H
#define TRANSCODER_SUBTITLES_ASS_H

#include "transcoder/subtitles/webvtt.h"

/*
 * Adds the text of one event to out. event:
 * "ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text", in UTF-8.
 * Line breaks stay; italics and bold become <i> and <b>; drawings and other overrides are removed.
 * Lines are trimmed, and empty lines are left out.
 * Returns whether the event has readable text; if not, nothing is added.
 */
bool ass_to_cue(const char *event, struct webvtt_text *out);

#endif
