/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures' luma, small: what the analysis looks at. */
#ifndef TRANSCODER_VIDEO_THUMBNAIL_H
#define TRANSCODER_VIDEO_THUMBNAIL_H
#include <libavutil/frame.h>

#define THUMBNAIL_WIDTH 160
#define THUMBNAIL_HEIGHT 90
#define THUMBNAIL_PIXELS (THUMBNAIL_WIDTH * THUMBNAIL_HEIGHT)

/* What makes them; zeroed at first, its owner's (thumbnail_close). */
struct thumbnailer {
    struct SwsContext *sws; /* for pictures whose luma isn't simply there */
    int in_width, in_height, in_format;
};
void thumbnail_close(struct thumbnailer *thumbnailer);

/* Each pixel is the mean of those that it stands for, black 0 and white 255 whatever the source's
 * range is. 0, or -1: the picture can't be had. */
int thumbnail_make(
    struct thumbnailer *thumbnailer, const AVFrame *frame, uint8_t out[THUMBNAIL_PIXELS]);

#endif
