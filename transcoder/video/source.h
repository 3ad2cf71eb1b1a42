/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads the video of a source: decoded, deinterlaced, turned upright, and on the frame grid of the
 * lesson.
 * The frames from a position on depend only on the file and the position, not on what was read
 * before.
 */
#ifndef TRANSCODER_VIDEO_SOURCE_H
#define TRANSCODER_VIDEO_SOURCE_H

#include <libavutil/frame.h>
#include <stdbool.h>

#include "transcoder/protocol/media_info.h"
#include "transcoder/worker/failure.h"

struct source;

/* Opens the source for reading grid frames from first_frame on. It seeks to a keyframe well
 * before that frame, or begins at the start of the file, and decodes up to the frame. fd stays the
 * caller's. *out is the caller's, for source_close(). Returns 0, or -1 with failure set. One thread
 * at a time. */
int source_open(struct source **out, int fd, const struct media_info *info, int64_t first_frame,
    struct failure *failure);
/* Closes the source and sets *source to NULL. Accepts NULL in *source. */
void source_close(struct source **source);

/* The colours of a video stream, as its headers state them. What the headers leave open follows
 * from the frame size. The result is the same wherever the source was opened. */
struct source_colours {
    enum AVColorSpace matrix; /* BT709, SMPTE170M, BT470BG or BT2020_NCL */
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
};
void source_colours(const struct source *source, struct source_colours *out);
/* Whether everything is decoded from the start of the file, because seeking failed or first_frame
 * is near the start. */
bool source_from_beginning(const struct source *source);

/*
 * Returns the frame that is shown at grid frame n. n must not decrease from call to call. If the
 * source has no new frame, the last one is returned again, also after its end; before its start,
 * the first one.
 * *out stays the source's and is valid until the next call.
 * Returns 0; or -1 with failure set: nothing can be decoded at all.
 */
int source_frame(struct source *source, int64_t n, const AVFrame **out, struct failure *failure);

#endif
