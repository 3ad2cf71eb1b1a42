/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A piece of work, and how what it has made is put in place and reported. */
#ifndef TRANSCODER_PACKAGE_DELIVER_H
#define TRANSCODER_PACKAGE_DELIVER_H
#include "transcoder/demux/tags.h"
#include "transcoder/package/cmaf.h"
#include "transcoder/protocol/job.h"
#include "transcoder/worker/report.h"

/* What a piece of work is done with: the job, its descriptors and where to report. All the
 * caller's. */
struct work {
    const struct job *job;
    int source_fd, output_fd;
    struct report *report;
    struct gb18030 *gb18030;
};

/*
 * Writes a packed chunk and its rendition's init segment below the output folder, each synced, and
 * reports both. Writing the init segment again is harmless: it has the same bytes whatever chunk it
 * came from. 0, or -1: failure set. Any thread, for different renditions.
 */
int deliver_chunk_and_init(const struct work *work, const struct rendition *rendition, int chunk,
    const struct cmaf *cmaf, const AVCodecContext *encoder, struct failure *failure);

/* The chunk alone, for renditions without an init segment (text, legacy): made->init counts for
 * nothing. Takes made's data and segments, which stay the caller's. */
int deliver_chunk(const struct work *work, const struct rendition *rendition, int chunk,
    const struct cmaf_chunk *made, struct failure *failure);

#endif
