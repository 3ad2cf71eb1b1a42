/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One fast pass over the pictures, small and without those that no other needs: what is to be seen
 * when (slides, somebody speaking, motion), where something else begins, how noisy the pictures
 * are, and whether black bars frame them. Long lessons are looked at in parts, on as many threads
 * as there are; into how many depends on the lesson alone.
 */
#ifndef TRANSCODER_PROBE_CONTENT_H
#define TRANSCODER_PROBE_CONTENT_H
#include "transcoder/protocol/media_info.h"
#include "transcoder/worker/report.h"

#define CONTENT_MAX_PARTS 16

struct analysis;

/*
 * Prepares for looking at the source fd, whose other findings stand in info already (both the
 * caller's, and in use until content_close). keyframe_gap_us: its longest stretch without a
 * keyframe. Returns how many parts there are, *out is the caller's then; or -1, out of memory,
 * failure set.
 */
int content_open(struct analysis **out, int fd, const struct media_info *info,
    int64_t keyframe_gap_us, struct failure *failure);
/* Looks at a part, saying `permille` as progress. Pictures that can't be decoded are passed over.
 * 0, or -1: failure set (out of memory, or the node is gone). Any thread, each part once. */
int content_analyse_part(struct analysis *analysis, int number, int permille, struct report *report,
    struct failure *failure);
/* Once all parts are done: writes what was found. If no picture could be decoded there are no
 * stretches. */
void content_conclude(struct analysis *analysis, struct media_info *out);
void content_close(struct analysis **analysis);

#endif
