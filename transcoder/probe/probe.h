/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds out the contents of a source by measurement: all packets are read, and most are decoded. */
#ifndef TRANSCODER_PROBE_PROBE_H
#define TRANSCODER_PROBE_PROBE_H

#include "transcoder/package/deliver.h"

/* Probes the source. If the source cannot seek, has no timestamps or has a clock that leaps, writes
 * a remuxed copy (job->remux_name) and describes the copy. Reports MESSAGE_PROBED. Returns 0, or -1
 * with failure set. */
int probe_run(const struct work *work, struct failure *failure);

#endif
