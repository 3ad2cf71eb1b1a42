/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes short trial encodes of representative excerpts at several sizes, frame rates and qualities.
 * The planner chooses from the results (per-title encoding). Bytes are those of x264 with a fast
 * preset. Quality is the SSIM of the luma over blocks of 8 x 8, scaled back to the size of the
 * source (Wang et al., "Image quality assessment: from error visibility to structural similarity",
 * 2004).
 */
#ifndef TRANSCODER_PROBE_TRIALS_H
#define TRANSCODER_PROBE_TRIALS_H

#include "transcoder/package/deliver.h"
#include "transcoder/protocol/media_info.h"

/*
 * Fills in info->trials, and the saving of AV1 unless the job excludes AV1. fd: the source; stays
 * the caller's. The rest of info must be filled in already, including the content analysis. Uses up
 * to the job's threads, which do not change the result. Excerpts that can't be decoded are left
 * out; if none can, there are no trials. Returns 0, or -1 with failure set (out of memory, an
 * encoder fails, or the node is gone).
 */
int trials_run(int fd, struct media_info *info, const struct work *work, struct failure *failure);

#endif
