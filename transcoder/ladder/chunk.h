/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One chunk of all renditions of a job that have pictures, the legacy one among them: decoded once
 * a pass, encoded by a thread for each rendition. */
#ifndef TRANSCODER_LADDER_CHUNK_H
#define TRANSCODER_LADDER_CHUNK_H
#include "transcoder/package/deliver.h"

/* Makes job->chunk of every rendition of the job, reports init segments, chunks and progress. 0, or
 * -1: failure set. */
int chunk_run(const struct work *work, struct failure *failure);

#endif
