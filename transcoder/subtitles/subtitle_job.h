/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Converts text subtitles to segmented WebVTT. A track that is not all UTF-8 is read as GB18030. */
#ifndef TRANSCODER_SUBTITLES_SUBTITLE_JOB_H
#define TRANSCODER_SUBTITLES_SUBTITLE_JOB_H

#include <libavcodec/avcodec.h>

#include "transcoder/package/deliver.h"

/* Whether the subtitles of a codec can be converted to WebVTT. Subtitles that are pictures
 * can't. Pure. */
bool subtitle_is_usable(enum AVCodecID codec);

/*
 * Makes all chunks of all renditions of the job, in one pass over the source. Packets that can't be
 * decoded are left out.
 * Returns 0, or -1 with failure set.
 */
int subtitle_job_run(const struct work *work, struct failure *failure);

#endif
