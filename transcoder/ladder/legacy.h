/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes one chunk of the legacy rendition. The video of a pass is encoded for old boxes. The audio
 * is copied from the AAC rendition of the lesson, whose chunks have the same boundaries and exist
 * already. So audio frames join at chunk boundaries as in the AAC rendition, and no chunk has to
 * decode an hour of audio to reach its minute.
 */
#ifndef TRANSCODER_LADDER_LEGACY_H
#define TRANSCODER_LADDER_LEGACY_H

#include "transcoder/ladder/frame_sink.h"
#include "transcoder/package/deliver.h"
#include "transcoder/video/source.h"

struct legacy_params {
    const struct work *work; /* the caller's, like all that is pointed to; must outlive the sink */
    const struct plan *plan;
    const struct rendition *rendition;
    const struct rendition *audio_rendition; /* NULL: no audio */
    struct source_colours colours;
};

/*
 * Opens the legacy chunk as a sink, which is the caller's. The sink needs a single pass over the
 * whole chunk, because its encoder controls the bit rate by itself.
 * Returns 0; or -1 with failure set, and then *out is empty.
 */
int legacy_open(
    struct frame_sink *out, const struct legacy_params *params, struct failure *failure);

#endif
