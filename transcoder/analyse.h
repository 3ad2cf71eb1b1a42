/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One fast pass over the pictures, small and without those that no other needs: what is to be seen
 * when (slides, somebody speaking, motion), where something else begins, how noisy the pictures
 * are, and whether black bars frame them.
 */
#ifndef TRANSCODER_ANALYSE_H
#define TRANSCODER_ANALYSE_H

#include "transcoder/plan/media_info.h"
#include "transcoder/report.h"

/*
 * Fills the analysis in info, whose other findings stand already, from the source fd (the
 * caller's). Pictures that can't be decoded are passed over; if none can, there are no stretches.
 * 0, or -1: failure set (out of memory, or the node is gone).
 */
int analyse_run(int fd, struct media_info *info, struct report *report, struct failure *failure);

#endif
