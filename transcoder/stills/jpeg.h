/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes pictures as JPEG files. */
#ifndef TRANSCODER_STILLS_JPEG_H
#define TRANSCODER_STILLS_JPEG_H

#include <libavutil/frame.h>

#include "transcoder/package/deliver.h"

/* Encodes a frame as JPEG, writes the file and syncs it. frame: YUVJ420P; stays the caller's,
 * but its pts and quality are changed. quality: the quantiser of MJPEG from 2 (best) to 31; 4 is
 * about quality 80 of libjpeg. Returns 0, or -1 with failure set. */
int jpeg_write(const struct work *work, const struct job_file *file, AVFrame *frame, int quality,
    struct failure *failure);

#endif
