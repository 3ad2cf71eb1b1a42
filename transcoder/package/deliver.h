/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker's unit of work, and the functions that put its results in place and report them. */
#ifndef TRANSCODER_PACKAGE_DELIVER_H
#define TRANSCODER_PACKAGE_DELIVER_H

#include "transcoder/demux/tags.h"
#include "transcoder/package/cmaf.h"
#include "transcoder/protocol/job.h"
#include "transcoder/worker/report.h"

/* Everything that a unit of work uses: the job, its descriptors, and the report to the node. The
 * caller owns all of it. */
struct work {
    const struct job *job;
    int source_fd;
    struct report *report;
    struct gb18030 *gb18030;
};

/*
 * Writes a packed chunk and the init segment of its rendition, syncs each, and reports both. It is harmless to write the init segment again: it has the same bytes, whatever
 * chunk it comes from.
 * Returns 0, or -1 with failure set. Any thread, for different renditions.
 */
int deliver_chunk_and_init(const struct work *work, const struct rendition *rendition, int chunk,
    const struct cmaf *cmaf, const AVCodecContext *encoder, struct failure *failure);

/*
 * Writes and reports only a chunk, for renditions without an init segment (text, legacy). Uses the
 * data and segments of made, which stay the caller's, and ignores its init segment.
 * Returns 0, or -1 with failure set.
 */
int deliver_chunk(const struct work *work, const struct rendition *rendition, int chunk,
    const struct cmaf_chunk *made, struct failure *failure);

#endif
