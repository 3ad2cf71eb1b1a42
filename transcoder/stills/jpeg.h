/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures as JPEG files below the output folder. */
#ifndef TRANSCODER_STILLS_JPEG_H
#define TRANSCODER_STILLS_JPEG_H
#include <libavutil/frame.h>

#include "transcoder/package/deliver.h"

/*
 * Encodes a frame (YUVJ420P; stays the caller's, its pts and quality are set) and writes it,
 * synced. quality: MJPEG's quantiser, 2 (best) to 31; 4 is about libjpeg's 80. 0, or -1: failure
 * set.
 */
int jpeg_write(const struct work *work, const char *name, AVFrame *frame, int quality,
    struct failure *failure);

#endif
