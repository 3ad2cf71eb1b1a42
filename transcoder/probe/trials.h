/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Short encodes of representative excerpts at several sizes, frame rates and qualities: what the
 * planner chooses from (per-title encoding). Bytes are x264's with a fast preset, quality is the
 * SSIM of the luma, scaled back to the source's size (Wang et al., "Image quality assessment: from
 * error visibility to structural similarity", 2004), over blocks of 8 x 8.
 */
#ifndef TRANSCODER_PROBE_TRIALS_H
#define TRANSCODER_PROBE_TRIALS_H
#include "transcoder/package/deliver.h"
#include "transcoder/protocol/media_info.h"

/*
 * Fills info->trials, and what AV1 saves unless the job is without it, from the source fd (the
 * caller's); the rest of info stands already, analysis included. Uses up to the job's threads; what
 * comes out does not depend on them. Places that can't be decoded are left out; if none can, there
 * are no trials. 0, or -1: failure set (out of memory, an encoder fails, or the node is gone).
 */
int trials_run(int fd, struct media_info *info, const struct work *work, struct failure *failure);

#endif
