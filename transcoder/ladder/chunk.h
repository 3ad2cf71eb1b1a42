/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes one chunk of all video renditions of a job, including the legacy rendition. Each pass
 * decodes, once for all, the segments that some rendition still wants. Each rendition has a thread
 * that encodes them. */
#ifndef TRANSCODER_LADDER_CHUNK_H
#define TRANSCODER_LADDER_CHUNK_H

#include "transcoder/package/deliver.h"

/* Makes chunk job->chunk of the video renditions and the legacy rendition of the job. Reports init
 * segments, chunks and progress. Returns 0, or -1 with failure set. */
int chunk_run(const struct work *work, struct failure *failure);

#endif
