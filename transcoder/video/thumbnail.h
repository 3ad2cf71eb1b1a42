/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes small copies of the luma of frames, for the content analysis. */
#ifndef TRANSCODER_VIDEO_THUMBNAIL_H
#define TRANSCODER_VIDEO_THUMBNAIL_H

#include <libavutil/frame.h>

#define THUMBNAIL_WIDTH 160
#define THUMBNAIL_HEIGHT 90
#define THUMBNAIL_PIXELS (THUMBNAIL_WIDTH * THUMBNAIL_HEIGHT)

/* The state of the conversion. The owner zeroes it first and ends with thumbnail_close(). */
struct thumbnailer {
    struct SwsContext *sws; /* for frames that are very small or large, or whose luma is not a plain
                             * plane */
    int in_width, in_height, in_format;
};
void thumbnail_close(struct thumbnailer *thumbnailer);

/* Makes a thumbnail. Each of its pixels is the mean of the pixels that it covers. Black is 0 and
 * white is 255, whatever the range of the source is. Returns 0; or -1: the frame cannot be
 * converted. */
int thumbnail_make(
    struct thumbnailer *thumbnailer, const AVFrame *frame, uint8_t out[THUMBNAIL_PIXELS]);

#endif
