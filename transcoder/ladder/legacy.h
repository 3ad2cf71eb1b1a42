/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One chunk of the legacy rendition: the pictures of a pass encoded for old boxes, with the sound
 * of the lesson's AAC rendition, whose chunks have the same boundaries and lie there already. So
 * all renditions sound alike, frames join at the chunks' edges as they do there, and no chunk has
 * to decode an hour of sound to get at its minute.
 */
#ifndef TRANSCODER_LADDER_LEGACY_H
#define TRANSCODER_LADDER_LEGACY_H
#include "transcoder/ladder/frame_sink.h"
#include "transcoder/package/deliver.h"
#include "transcoder/video/source.h"

struct legacy_params {
    const struct work *work; /* the caller's, like all here; outlives the chunk */
    const struct plan *plan;
    const struct rendition *rendition;
    const struct rendition *audio_rendition; /* NULL: no sound */
    struct source_colours colours;
};

/* Opens the legacy chunk as a sink, which is the caller's. It takes a single pass over the whole
 * chunk, since its encoder holds its rate by itself. Returns 0; or -1 with failure set, and then *out
 * is empty. */
int legacy_open(
    struct frame_sink *out, const struct legacy_params *params, struct failure *failure);

#endif
