/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Advanced SubStation Alpha, as libavcodec's subtitle decoders give out every text format: one
 * event into WebVTT cue text. Pure.
 */
#ifndef TRANSCODER_SUBTITLES_ASS_H
#define TRANSCODER_SUBTITLES_ASS_H
#include "transcoder/subtitles/webvtt.h"

/*
 * Adds the text of one event ("ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text",
 * UTF-8) to out: line breaks are kept, slanted and bold stay as <i> and <b>, drawings and all other
 * overrides go. Lines are trimmed, empty ones left out. Returns whether there is anything to read
 * in it; if not, nothing was added.
 */
bool ass_to_cue(const char *event, struct webvtt_text *out);

#endif
