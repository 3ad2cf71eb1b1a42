/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Subtitles that are text, of whatever format and encoding, as segmented WebVTT. */
#ifndef TRANSCODER_SUBTITLES_SUBTITLE_JOB_H
#define TRANSCODER_SUBTITLES_SUBTITLE_JOB_H
#include <libavcodec/avcodec.h>

#include "transcoder/package/deliver.h"

/* Whether a stream's subtitles can be made into WebVTT; pictures of text can't. Pure. */
bool subtitle_is_usable(enum AVCodecID codec);

/* Makes all chunks of all renditions of the job, in one pass over the source. What can't be decoded
 * is left out. 0, or -1: failure set. */
int subtitle_job_run(const struct work *work, struct failure *failure);

#endif
