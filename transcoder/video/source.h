/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The picture side of a source: decoded, deinterlaced, turned upright, on the lesson's frame grid.
 * What comes out from a place depends on the file and the place alone, not on what was read before.
 */
#ifndef TRANSCODER_VIDEO_SOURCE_H
#define TRANSCODER_VIDEO_SOURCE_H
#include <libavutil/frame.h>
#include <stdbool.h>

#include "transcoder/protocol/media_info.h"
#include "transcoder/worker/failure.h"

struct source;

/*
 * Opens the source for reading grid frames from first_frame on: seeks to a keyframe well before it
 * and decodes up to it. fd stays the caller's. *out is the caller's (source_close). One thread at a
 * time.
 */
int source_open(struct source **out, int fd, const struct media_info *info, int64_t first_frame,
    struct failure *failure);
void source_close(struct source **source);
/* The colours of a stream as its headers state them, what they leave open filled in by what its
 * size suggests; alike wherever it was opened. */
struct source_colours {
    enum AVColorSpace matrix; /* BT709, SMPTE170M, BT470BG or BT2020_NCL */
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
};
void source_colours(const struct source *source, struct source_colours *out);
/* Whether seeking failed, so that all was decoded from the file's beginning. */
bool source_from_beginning(const struct source *source);

/*
 * The picture that is shown at grid frame n; n must not fall from call to call. Where the source
 * has no new picture the last one is held, also beyond its end; before its beginning the first one.
 * *out stays the source's and is valid until the next call. 0, or -1 with failure set (nothing can
 * be decoded at all).
 */
int source_frame(struct source *source, int64_t n, const AVFrame **out, struct failure *failure);

#endif
