/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Analyses the content of the video in one fast pass over small frames; frames that no other frame
 * needs are skipped. The results: the class of the content over time (slides, a person who speaks,
 * motion), the times of cuts, the noise, and black bars. Long lessons are analysed in parts by
 * several threads. The number of parts depends only on the lesson.
 */
#ifndef TRANSCODER_PROBE_CONTENT_H
#define TRANSCODER_PROBE_CONTENT_H

#include "transcoder/protocol/media_info.h"
#include "transcoder/worker/report.h"

#define CONTENT_MAX_PARTS 16

struct analysis;

/*
 * Prepares the analysis of the source fd. The other findings must be in info already. fd and info
 * stay the caller's and are used until content_close(). keyframe_gap_us: the longest time without a
 * keyframe. *out is the caller's, for content_close(). Returns the number of parts; or -1 with
 * failure set: out of memory.
 */
int content_open(struct analysis **out, int fd, const struct media_info *info,
    int64_t keyframe_gap_us, struct failure *failure);
/* Analyses one part. permille: the progress to report meanwhile. Frames that can't be decoded are
 * ignored. Returns 0, or -1 with failure set (out of memory, the source or its decoder can't be
 * opened, or the node is gone). Any thread; each part once. */
int content_analyse_part(struct analysis *analysis, int number, int permille, struct report *report,
    struct failure *failure);
/* Writes the results to *out, once all parts are done. If no frame could be decoded, there are
 * no stretches. */
void content_conclude(struct analysis *analysis, struct media_info *out);
/* Frees the analysis and sets *analysis to NULL. Accepts NULL in *analysis. */
void content_close(struct analysis **analysis);

#endif
